import DeviceChecks
import Tensors
import Testing

/// The kernels, on the device in software, against the processor's operations.
struct OperationTests {
  @Test(arguments: DeviceChecks.operations)
  func `An operation computes what the processor does, forwards and backwards`(name: String) throws {
    try SoftwareDevice.with { device in
      let result = try #require(try DeviceChecks.operation(name, on: device))
      #expect(result.passed, "\(result.error) is more than \(result.limit)")
    }
  }

  @Test func `A network generates, learns and gives gradients as on the processor`() throws {
    try SoftwareDevice.with { device in
      for result in try DeviceChecks.network(on: device) {
        #expect(result.passed, "\(result.name): \(result.error) is more than \(result.limit)")
      }
    }
  }

  @Test func `Sums of squares, finiteness and rounding are those of the processor`() throws {
    try SoftwareDevice.with { device in
      let values = (0..<5000).map { Float($0 % 97) / 31 - 1.5 }
      let (here, there) = (
        Tensor(values, shape: [50, 100]), Tensor(values, shape: [50, 100]).moved(to: device)
      )
      #expect(abs(there.squaredNorm - here.squaredNorm) < 1e-6 * here.squaredNorm)
      #expect(there.isFinite)
      there.roundToBFloat16InPlace()
      here.roundToBFloat16InPlace()
      #expect(there.values == here.values)
      let broken = Tensor(values.dropLast() + [.infinity], shape: [50, 100]).moved(to: device)
      #expect(!broken.isFinite)
    }
  }

  @Test func `A step of AdamW is the processor's`() throws {
    try SoftwareDevice.with { device in
      let values = (0..<300).map { Float($0 % 13) / 5 - 1 }
      func stepped(on device: CUDADevice?) -> [Float] {
        func tensor(_ factor: Float) -> Tensor {
          Tensor(values.map { abs($0) * factor }, shape: [300]).moved(to: device)
        }
        let parameter = tensor(1)
        AdamWKernel(learningRate: 0.1, weightDecay: 0.1).update(
          parameter, gradient: tensor(-0.3), firstMoment: tensor(0.2), secondMoment: tensor(0.5), step: 3,
          gradientScale: 0.7)
        return parameter.values
      }
      for (a, b) in zip(stepped(on: device), stepped(on: nil)) { #expect(abs(a - b) < 1e-6) }
    }
  }
}

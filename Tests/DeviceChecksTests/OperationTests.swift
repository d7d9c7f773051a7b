import DeviceChecks
import Foundation
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

  /// An A10, L4, RTX 4090 or 5090 has less shared memory for a block than an A100 or H100.
  @Test func `A chip whose blocks have 99 KiB of memory computes attention, forwards and backwards`() throws {
    let bytes = 99 << 10
    for width in [64, 80, 128] {
      let shape = AttentionShape(heads: 16, kvHeads: 2, width: width)
      let kernels = AttentionKernels(shape, precision: .bfloat16, blockMemory: bytes)
      let rows = kernels.takesLargeTiles ? AttentionTiling.largeTileRows : AttentionTiling.tileRows
      for kernel in [kernels.forward(rows: rows), kernels.queryGradients, kernels.keyGradients] {
        #expect(kernel.memory <= bytes, "\(kernel.name)")
      }
    }
    setenv("SOFTWARE_DEVICE_BLOCK_MEMORY", "\(bytes)", 1)
    defer { unsetenv("SOFTWARE_DEVICE_BLOCK_MEMORY") }
    try SoftwareDevice.with { device in
      for name in DeviceChecks.operations where name.contains("attention") && name.contains("bfloat16") {
        let result = try #require(try DeviceChecks.operation(name, on: device))
        #expect(result.passed, "\(name): \(result.error) is more than \(result.limit)")
      }
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

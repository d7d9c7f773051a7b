import Checkpoints
import DeviceChecks
import Foundation
import PostTraining
import TaskExecutors
import Tensors
import Testing

/// How much of a GPU is used, and that nothing is left there, on the device in software.
@Suite(.serialized)
struct DeviceUseTests {
  @Test func `The memory and the use of a device are told from outside of what computes on it`() throws {
    let software = try SoftwareDevice()
    defer { software.remove() }
    let shown = try CUDADevice.all(folders: software.folder)
    let meter = try DeviceMeter(shown, folders: software.folder)
    let device = try software.open()
    let before = try #require(meter.read().first)
    #expect(before.index == 0 && before.memoryTotal == shown[0].memoryBytes)
    let tensor = Tensor.zeros([1 << 20], on: device)
    _ = scale(tensor, by: 2).values
    let after = try #require(meter.read().first)
    #expect(after.memoryUsed >= before.memoryUsed + 4 << 20)
    #expect(after.utilization == 1)
    #expect(withExtendedLifetime(tensor) { meter.read().first?.utilization } == 0)
  }

  @Test func `Without NVIDIA's management library a device computes, and says what is missing`() throws {
    let software = try SoftwareDevice(libraries: ["libcuda.so.1", "libnvrtc.so.12", "libcublasLt.so.12"])
    defer { software.remove() }
    let device = try software.open()
    #expect(scale(Tensor([1, 2], shape: [2]).moved(to: device), by: 2).values == [2, 4])
    let shown = try CUDADevice.all(folders: software.folder)
    do {
      // Where this machine has one, it knows nothing of the device in software.
      #expect(try DeviceMeter(shown, folders: software.folder).read() == [])
    } catch {
      #expect("\(error)".contains("libnvidia-ml.so.1 was not found"), "\(error)")
    }
  }

  @Test func `What a device keeps for itself is not counted as a tensor's`() throws {
    try SoftwareDevice.with { device in
      _ = try DeviceChecks.network(on: device)
      #expect(device.tensorBytes == 0 && device.allocatedBytes > 0)
      let tensor = Tensor.zeros([1000], on: device)
      #expect(withExtendedLifetime(tensor) { device.tensorBytes } == 4096)
    }
  }

  @Test func `What a GPU holds that has failed is neither published nor exported nor taken for a step`()
    throws
  {
    let folder = FileManager.default.temporaryDirectory.path + "/failed-device-\(UUID())"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try SoftwareDevice.with { device in
      let weights = Tensor([1, 2, 3], shape: [3]).moved(to: device)
      func fail() { _ = Tensor.zeros([1 << 20, 1 << 10], on: device) }
      let checkpoints = CheckpointFolder(path: folder)
      func publish() throws -> PublishedCheckpoint {
        try checkpoints.publish([("weights", weights)], kind: .policy, step: 1, epoch: 1, origin: [:])
      }
      fail()
      #expect(throws: CUDAError.self) { try publish() }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
      let checkpoint = try Checkpoint(folder: publish().folder)
      fail()
      #expect(throws: CUDAError.self) { try checkpoint.holds(weights, as: "weights") }
      #expect(try checkpoint.holds(weights, as: "weights"))
      fail()
      #expect(throws: CUDAError.self) {
        try SafetensorsWriter.write(
          [("weights", .float32(weights))], to: folder + "/model.safetensors")
      }
      let optimizer = AdamW(parameters: [("weights", weights)], settings: AdamWSettings())
      fail()
      #expect(throws: CUDAError.self) { try optimizer.step(rate: 0.1, maximumNorm: 1) }
      try checkpoint.load("weights", into: weights)
      #expect(weights.values == [1, 2, 3])
    }
  }

  @Test func `A device that is closed gives back what tensors hold, and they are no numbers any more`() throws
  {
    let software = try SoftwareDevice()
    defer { software.remove() }
    let meter = try DeviceMeter(try CUDADevice.all(folders: software.folder), folders: software.folder)
    let device = try software.open()
    let other = try software.open()
    let kept = Tensor([1, 2, 3], shape: [3]).moved(to: other)
    let before = try #require(meter.read().first?.memoryUsed)
    let left = Tensor.zeros([1 << 20], on: device)
    _ = try DeviceChecks.network(on: device)
    #expect(device.close() == 4 << 20)
    #expect(meter.read().first?.memoryUsed == before)
    #expect(device.close() == 0)
    #expect(exp(left).values.allSatisfy { $0.isNaN })
    #expect(throws: CUDAError.self) { try device.check() }
    #expect(scale(kept, by: 2).values == [2, 4, 6], "other users of the device go on")
    try other.check()
  }

  @Test func `After a task a device has to prove itself when bytes were left on it or a call had failed`()
    throws
  {
    let software = try SoftwareDevice()
    defer { software.remove() }
    var gpus = GPUs { _ throws(CUDAError) in try software.open() }
    _ = scale(Tensor([1, 2], shape: [2]).moved(to: try gpus.device(0)), by: 2).values
    #expect(gpus.bytes(on: 0) == 0)
    #expect(gpus.closeReason(0, after: nil) == nil)

    let left = Tensor.zeros([1000], on: try gpus.device(0))
    #expect(gpus.bytes(on: 0) == 4096)
    let reason = gpus.closeReason(0, after: CancellationError())
    #expect(reason?.hasPrefix("4096 bytes of a task that has ended") == true, "\(reason ?? "none")")
    #expect(gpus.bytes(on: 0) == 0 && left.shape == [1000])

    let device = try #require(try gpus.device(0))
    _ = Tensor.zeros([1 << 20, 1 << 10], on: device)
    #expect(gpus.isLost(0, after: nil))
    #expect(try gpus.device(0) === device)

    var others = GPUs { _ throws(CUDAError) in try software.open(index: 5) }
    #expect(!others.isLost(0, after: nil))
    #expect(throws: (any Error).self) { try others.device(0) }
    #expect(others.isLost(0, after: nil) && others.closeReason(0, after: CancellationError()) != nil)
    #expect(!others.isLost(0, after: nil))
  }
}

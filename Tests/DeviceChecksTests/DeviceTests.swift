import DeviceChecks
import FoundationEssentials
import Tensors
import Testing

/// A GPU's memory and failures, on the device in software.
struct DeviceTests {
  @Test func `Memory that does not suffice is an error, and the device goes on`() throws {
    try SoftwareDevice.with { device in
      let kept = Tensor([1, 2, 3], shape: [3]).moved(to: device)
      let huge = Tensor.zeros([1 << 20, 1 << 10], on: device)  // four gigabytes of the one there is
      #expect(huge.shape == [1 << 20, 1 << 10])
      #expect(exp(kept).values.allSatisfy { $0.isNaN }, "what is computed after a failure is no number")
      let error = try #require(throws: CUDAError.self) { try device.check() }
      #expect(error.kind == .outOfMemory)
      #expect(error.reason.contains("4294967296 bytes could not be allocated"), "\(error)")
      #expect(scale(kept, by: 2).values == [2, 4, 6])
      try device.check()
    }
  }

  @Test func `Lists of rows and layouts that there was no memory for are made when there is`() throws {
    try SoftwareDevice.with { device in
      let x = Tensor([1, 2, 3, 4], shape: [2, 2]).moved(to: device)
      func exchanged() -> Tensor { gatherRows(x, [1, 0]) }
      func attended() -> Tensor {
        attention(x, x, x, heads: 1, kvHeads: 1, scale: 1, layout: .causal(2))
      }
      let standing = device.allocatedBytes
      _ = Tensor.zeros([1 << 20, 1 << 10], on: device)
      _ = (exchanged(), attended())
      #expect(throws: CUDAError.self) { try device.check() }
      #expect(device.allocatedBytes == standing)
      #expect(exchanged().values == [3, 4, 1, 2])
      #expect(attended().values.prefix(2) == [1, 2])
      try device.check()
    }
  }

  @Test func `Everything a network took is given back, and the peak is known`() throws {
    try SoftwareDevice.with { device in
      #expect(device.allocatedBytes == 0)
      _ = try DeviceChecks.network(on: device)
      // What stays is the products' scratch memory and the last few lists of rows and layouts.
      let standing = device.allocatedBytes
      #expect(standing < 33 << 20)
      let tensor = Tensor.zeros([1000], on: device)
      #expect(device.allocatedBytes == standing + 4096 && tensor.count == 1000)
      device.resetPeak()
      _ = try DeviceChecks.network(on: device)
      #expect(device.peakBytes > standing + 4096)
    }
  }

  @Test func `Reading and writing elements in place reaches the GPU's memory`() throws {
    try SoftwareDevice.with { device in
      let tensor = Tensor([1, 2, 3, 4], shape: [2, 2]).moved(to: device)
      tensor.withUnsafeValues { $0[3] = 9 }
      #expect(tensor.values == [1, 2, 3, 9])
      #expect(tensor.hasSameBits(as: Tensor([1, 2, 3, 9], shape: [2, 2])))
      tensor.copyInPlace(from: Tensor([4, 3, 2, 1], shape: [2, 2]).moved(to: device))
      #expect(tensor.moved(to: nil).values == [4, 3, 2, 1])
    }
  }

  @Test func `A device of another number is refused with those there are`() throws {
    let software = try SoftwareDevice()
    defer { software.remove() }
    let error = try #require(throws: CUDAError.self) { try software.open(index: 3) }
    #expect(error.reason.contains("there is no device cuda:3"), "\(error)")
  }

  @Test(.enabled(if: !Self.hasCompiler, "this machine has NVIDIA's libraries"))
  func `What was not found is named, with where it comes from`() throws {
    let software = try SoftwareDevice(libraries: ["libcuda.so.1"])
    defer { software.remove() }
    let error = try #require(throws: CUDAError.self) { try software.open() }
    #expect(error.kind == .notFound)
    #expect(error.reason.contains("libnvrtc.so.12 was not found"), "\(error)")
    #expect(error.reason.contains("pip install nvidia-cublas-cu12"), "\(error)")
    #expect(!error.reason.contains("libcuda.so.1"), "\(error)")
  }

  @Test func `Kernels are compiled once and then read from the folder`() throws {
    let software = try SoftwareDevice()
    defer { software.remove() }
    _ = try software.open()
    let kept = try FileManager.default.contentsOfDirectory(atPath: software.folder + "/kernels")
    #expect(kept.count == 1 && kept[0].hasPrefix("sm_90-"), "\(kept)")
    _ = try software.open()
    #expect(try FileManager.default.contentsOfDirectory(atPath: software.folder + "/kernels") == kept)
  }

  @Test func `Kernels that were damaged where they are kept are compiled anew`() throws {
    let software = try SoftwareDevice()
    defer { software.remove() }
    _ = try software.open()
    let kept = try FileManager.default.contentsOfDirectory(atPath: software.folder + "/kernels")
    let path = software.folder + "/kernels/" + (try #require(kept.first))
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for damaged in [Data(), whole.prefix(5), whole.dropLast(), Data(count: whole.count)] {
      try damaged.write(to: URL(fileURLWithPath: path))
      _ = try software.open()
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == whole, "\(damaged.count) bytes")
    }
  }

  @Test func `A GPU too old to compute on is not offered, with the reason`() throws {
    let software = try SoftwareDevice()
    defer { software.remove() }
    var others: [String] = []
    let all = try CUDADevice.all(folders: software.folder) { others.append($0) }
    #expect(all.map(\.index) == [0])
    let error = try #require(throws: CUDAError.self) { try software.open(index: 1) }
    #expect(others == [error.reason])
    #expect(error.reason.hasSuffix("of compute capability 7.0; 8.0 or newer is needed"), "\(error)")
  }

  @Test func `A library that is there and cannot be opened is not said to be missing`() throws {
    let software = try SoftwareDevice(libraries: ["libnvrtc.so.12", "libcublasLt.so.12"])
    defer { software.remove() }
    try Data("no library".utf8).write(to: URL(fileURLWithPath: software.folder + "/libcuda.so.1"))
    let error = try #require(throws: CUDAError.self) { try software.open() }
    #expect(error.reason.hasPrefix("libcuda.so.1 cannot be opened: "), "\(error)")
    #expect(error.reason.contains(software.folder), "\(error)")
  }

  @Test(
    .enabled(if: Self.hasCompiler, "no NVRTC here: pip install nvidia-cuda-nvrtc-cu12, see docs/cuda.md"),
    arguments: ["sm_80", "sm_86", "sm_90", "sm_100", "sm_120", "compute_90"])
  func `NVIDIA's compiler takes every kernel`(target: String) throws {
    #expect(try KernelCompiler.compile(for: target).count > 10_000)
  }

  @Test func `Devices are named cpu and cuda with a number`() {
    #expect(ComputeDevice("cpu") == .cpu)
    #expect(ComputeDevice("cuda:7") == .cuda(7))
    for wrong in ["", "cuda", "cuda:", "cuda:-1", "cuda:01", "gpu", "cuda:64"] {
      #expect(ComputeDevice(wrong) == nil, "\(wrong)")
    }
  }

  private static let hasCompiler = KernelCompiler.problem == nil
}

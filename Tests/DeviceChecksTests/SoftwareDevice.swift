import FoundationEssentials
import Tensors

/// The device in software of Tests/SoftwareDevice, under the names of NVIDIA's libraries in a folder of its own.
struct SoftwareDevice {
  let folder: String

  /// - Parameter libraries: those that are to be found.
  init(
    libraries: [String] = ["libcuda.so.1", "libnvrtc.so.12", "libcublasLt.so.12", "libnvidia-ml.so.1"]
  ) throws {
    folder = FileManager.default.temporaryDirectory.path + "/software-device-\(UUID())"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    // Beside the tests' program.
    let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let library = program.split(separator: "/").dropLast().joined(separator: "/")
    for name in libraries {
      try FileManager.default.createSymbolicLink(
        atPath: "\(folder)/\(name)", withDestinationPath: "/\(library)/libSoftwareDevice.so")
    }
  }

  func open(index: Int = 0) throws(CUDAError) -> CUDADevice {
    try CUDADevice(index: index, folders: folder, cache: folder + "/kernels")
  }

  /// Opens the device, and removes the folder when `body` is done.
  static func with<Result>(_ body: (CUDADevice) throws -> Result) throws -> Result {
    let software = try SoftwareDevice()
    defer { software.remove() }
    return try body(try software.open())
  }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }
}

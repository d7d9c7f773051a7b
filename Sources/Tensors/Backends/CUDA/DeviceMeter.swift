internal import CCUDA

/// How much of a GPU is in use, by whatever program.
public struct DeviceUse: Sendable, Equatable {
  /// Its number among those the driver shows this process.
  public let index: Int
  /// The share of the last moment, up to a second, in which something computed, from 0 to 1; nil where it is not told.
  public let utilization: Double?
  public let memoryUsed: Int
  public let memoryTotal: Int
}

/// Asks NVIDIA's management library (NVML) for the use of GPUs. It has nothing to do with a ``CUDADevice``: any thread
/// may ask, whatever computes. An answer may take long where a GPU hangs.
///
/// Unchecked Sendable: nothing here changes once it is made, and NVML's functions may be called from any thread.
public final class DeviceMeter: @unchecked Sendable {
  private let library: ar1_nvml
  private let devices: [(index: Int, handle: UnsafeMutableRawPointer)]

  /// - Parameters:
  ///   - devices: those to ask for. NVML counts devices in an order of its own and knows nothing of CUDA_VISIBLE_DEVICES,
  ///     so each is found by its place on the bus; one that NVML does not know is left out.
  ///   - folders: where the library is looked for first; absent: what AR1_CUDA_LIBRARIES says.
  /// - Throws: `CUDAError` that says what was not found.
  public init(_ devices: [CUDADevice.Description], folders: String? = nil) throws(CUDAError) {
    let library = try CUDALibraries.table(folders ?? CUDALibraries.userFolders, ar1_cuda_open_nvml)
    let code = library.`init`()
    guard code == 0 else { throw CUDAError(.notFound, "NVML does not start: error \(code)") }
    self.library = library
    self.devices = devices.compactMap { device in
      var handle: UnsafeMutableRawPointer?
      guard let bus = device.bus, library.device(bus, &handle) == 0, let handle else { return nil }
      return (device.index, handle)
    }
  }

  deinit { _ = library.shutdown() }

  /// The use of each device that tells it.
  public func read() -> [DeviceUse] {
    devices.compactMap { index, handle in
      var memory = ar1_nvml_memory()
      guard library.memory(handle, &memory) == 0 else { return nil }
      var utilization = ar1_nvml_utilization()
      // Parts of a divided GPU have none of their own.
      let isKnown = library.utilization(handle, &utilization) == 0
      return DeviceUse(
        index: index, utilization: isKnown ? min(1, Double(utilization.computing) / 100) : nil,
        memoryUsed: Int(clamping: memory.used), memoryTotal: Int(clamping: memory.total))
    }
  }
}

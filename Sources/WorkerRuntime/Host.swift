import CPlatform
import Glibc
import JobModel

/// The machine a worker runs on, as it tells the coordinator.
enum Host {
  static var name: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  static var process: Int { Int(getpid()) }

  static var cores: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  static var memoryBytes: Int {
    Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  static func inventory(labels: [String: String]) -> Inventory {
    Inventory(cores: cores, memoryBytes: Int64(memoryBytes), devices: devices, labels: labels)
  }

  /// The GPUs that the driver shows, less those that CUDA_VISIBLE_DEVICES hides; none where there is no driver.
  private static var devices: [Inventory.Device] {
    let visible = getenv("CUDA_VISIBLE_DEVICES").map {
      Set(String(cString: $0).split(separator: ",").compactMap { Int($0) })
    }
    return (0..<max(0, Int(ar1_gpu_count()))).compactMap { index in
      guard visible?.contains(index) ?? true else { return nil }
      var name = [CChar](repeating: 0, count: 128)
      var memory: UInt64 = 0
      guard ar1_gpu_describe(Int32(index), &name, name.count, &memory) else { return nil }
      return Inventory.Device(
        index: index,
        name: String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self),
        memoryBytes: Int64(clamping: memory))
    }
  }
}

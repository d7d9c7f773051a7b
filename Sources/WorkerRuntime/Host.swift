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

  static func inventory(
    labels: [String: String], devices: [Inventory.Device], ownDevice: Int?
  ) -> Inventory {
    Inventory(
      cores: cores, memoryBytes: Int64(memoryBytes), devices: devices, ownDevice: ownDevice, labels: labels)
  }
}

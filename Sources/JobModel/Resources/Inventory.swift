/// What a worker has, as it tells when it registers.
public struct Inventory: Sendable, Equatable, Codable {
  public var cores: Int
  public var memoryBytes: Int64
  /// GPUs; the CPU is not listed.
  public var devices: [Device]
  /// The GPU on which tasks compute that ask for none; nil: they compute on the processor.
  public var ownDevice: Int?
  public var labels: [String: String]

  public struct Device: Sendable, Equatable, Codable {
    public var index: Int
    public var name: String
    public var memoryBytes: Int64

    public init(index: Int, name: String, memoryBytes: Int64) {
      self.index = index
      self.name = name
      self.memoryBytes = memoryBytes
    }

    enum CodingKeys: String, CodingKey {
      case index, name
      case memoryBytes = "memory_bytes"
    }
  }

  public init(
    cores: Int = 1, memoryBytes: Int64 = 0, devices: [Device] = [], ownDevice: Int? = nil,
    labels: [String: String] = [:]
  ) {
    self.cores = cores
    self.memoryBytes = memoryBytes
    self.devices = devices
    self.ownDevice = ownDevice
    self.labels = labels
  }

  enum CodingKeys: String, CodingKey {
    case cores
    case memoryBytes = "memory_bytes"
    case devices
    case ownDevice = "own_device"
    case labels
  }

  /// A worker that says nothing of a thing has none of it.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      cores: try values.decodeIfPresent(Int.self, forKey: .cores) ?? 1,
      memoryBytes: try values.decodeIfPresent(Int64.self, forKey: .memoryBytes) ?? 0,
      devices: try values.decodeIfPresent([Device].self, forKey: .devices) ?? [],
      ownDevice: try values.decodeIfPresent(Int.self, forKey: .ownDevice),
      labels: try values.decodeIfPresent([String: String].self, forKey: .labels) ?? [:])
  }

  /// Everything it has, unused.
  public var free: FreeResources { FreeResources(self) }

  /// Why a task of this need could never run here, or nil when it could.
  public func refusal(of need: ResourceRequest) -> String? {
    for (name, value) in need.labels.sorted(by: { $0.key < $1.key }) where labels[name] != value {
      return labels[name].map { "its label \(name) is \($0)" } ?? "it has no label \(name)"
    }
    if need.cores > cores { return "it has \(cores) core\(cores == 1 ? "" : "s")" }
    if need.memory > memoryBytes { return "it has \(ByteSize.text(memoryBytes)) of memory" }
    if need.kind == .cuda {
      if devices.isEmpty { return "it has no GPU" }
      let fitting = devices.filter { $0.memoryBytes >= need.gpuMemory }.count
      if fitting < max(need.gpus, 1) {
        let largest = ByteSize.text(devices.map(\.memoryBytes).max() ?? 0)
        return need.gpuMemory > 0 && fitting == 0
          ? "its GPUs have \(largest) at most" : "it has \(fitting) such GPU\(fitting == 1 ? "" : "s")"
      }
    }
    return nil
  }
}

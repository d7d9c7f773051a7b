/// What a task needs of the worker that takes it. Every task takes one of the worker's slots besides.
///
///     resources:
///       gpu: 1               # devices of its own
///       gpu_memory: 40GB     # on each of them; without `gpu`, of a device shared with other tasks
///       device: cuda         # cpu or cuda; not given, either
///       cores: 4
///       memory: 16GB
///       labels: {site: north}
///
/// The needs count for the tasks that carry a job's work (learner, rollouts, shards); those that plan and join run
/// anywhere the labels allow.
public struct ResourceRequest: Sendable, Equatable, Hashable, Codable {
  /// nil: any.
  public var device: DeviceKind?
  /// Devices that no other task uses meanwhile.
  public var gpus: Int
  /// Bytes on each device; with `gpus` 0, of one device that others may use too.
  public var gpuMemory: Int64
  public var cores: Int
  /// Bytes of the machine's memory.
  public var memory: Int64
  /// Labels that the worker must bear.
  public var labels: [String: String]

  public init(
    device: DeviceKind? = nil, gpus: Int = 0, gpuMemory: Int64 = 0, cores: Int = 0, memory: Int64 = 0,
    labels: [String: String] = [:]
  ) {
    self.device = device
    self.gpus = gpus
    self.gpuMemory = gpuMemory
    self.cores = cores
    self.memory = memory
    self.labels = labels
  }

  /// A slot is enough.
  public static let slot = ResourceRequest()

  public var isSlot: Bool { self == .slot }

  /// The kind of device whose quota it counts against.
  public var kind: DeviceKind { gpus > 0 || gpuMemory > 0 || device == .cuda ? .cuda : .cpu }

  /// What the tasks need that only plan and join: the place, not the devices.
  public var light: ResourceRequest { ResourceRequest(labels: labels) }

  /// How much of its kind's quota one task takes: slots of CPUs, devices of GPUs.
  /// - Parameter deviceMemory: bytes of the pool's largest device.
  public func units(deviceMemory: Int64) -> Double {
    guard kind == .cuda else { return 1 }
    if gpus > 0 { return Double(gpus) }
    return min(1, max(0.01, Double(gpuMemory) / Double(max(deviceMemory, 1))))
  }

  init(_ reader: inout SettingsReader) {
    device = reader.optionalChoice(CodingKeys.device)
    gpus = reader.integer(CodingKeys.gpus, default: 0, in: 0...64)
    gpuMemory = reader.size(CodingKeys.gpuMemory)
    cores = reader.integer(CodingKeys.cores, default: 0, in: 0...4096)
    memory = reader.size(CodingKeys.memory)
    labels = reader.labels(CodingKeys.labels)
    if device == .cpu, gpus > 0 || gpuMemory > 0 {
      reader.objection(CodingKeys.device, "found 'cpu' beside 'gpu' or 'gpu_memory'; leave one of them out")
    }
    // A task for a GPU that says no more takes a whole one.
    if device == .cuda, gpus == 0, gpuMemory == 0 { gpus = 1 }
  }

  enum CodingKeys: String, CodingKey {
    case device
    case gpus = "gpu"
    case gpuMemory = "gpu_memory"
    case cores, memory, labels
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      device: try values.decodeIfPresent(DeviceKind.self, forKey: .device),
      gpus: try values.decodeIfPresent(Int.self, forKey: .gpus) ?? 0,
      gpuMemory: try values.decodeIfPresent(Int64.self, forKey: .gpuMemory) ?? 0,
      cores: try values.decodeIfPresent(Int.self, forKey: .cores) ?? 0,
      memory: try values.decodeIfPresent(Int64.self, forKey: .memory) ?? 0,
      labels: try values.decodeIfPresent([String: String].self, forKey: .labels) ?? [:])
  }

  /// What is not asked for is left out.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encodeIfPresent(device, forKey: .device)
    if gpus > 0 { try values.encode(gpus, forKey: .gpus) }
    if gpuMemory > 0 { try values.encode(gpuMemory, forKey: .gpuMemory) }
    if cores > 0 { try values.encode(cores, forKey: .cores) }
    if memory > 0 { try values.encode(memory, forKey: .memory) }
    if !labels.isEmpty { try values.encode(labels, forKey: .labels) }
  }
}

extension ResourceRequest: CustomStringConvertible {
  /// "1 GPU of 40GB, 4 cores"
  public var description: String {
    var parts: [String] = []
    if gpus > 0 {
      parts.append(
        "\(gpus) GPU\(gpus == 1 ? "" : "s")\(gpuMemory > 0 ? " of \(ByteSize.text(gpuMemory))" : "")")
    } else if gpuMemory > 0 {
      parts.append("\(ByteSize.text(gpuMemory)) of a GPU")
    } else if device == .cpu {
      parts.append("a CPU")
    }
    if cores > 0 { parts.append("\(cores) core\(cores == 1 ? "" : "s")") }
    if memory > 0 { parts.append("\(ByteSize.text(memory)) of memory") }
    for (name, value) in labels.sorted(by: { $0.key < $1.key }) { parts.append("the label \(name)=\(value)") }
    return parts.isEmpty ? "a slot" : parts.joined(separator: ", ")
  }
}

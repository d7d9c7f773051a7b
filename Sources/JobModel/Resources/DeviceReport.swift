/// The use of one of a worker's GPUs, as it tells with a heartbeat. What the machine does not tell is nil.
public struct DeviceReport: Sendable, Equatable, Codable {
  /// Of a worker that says more of them the others are not kept.
  public static let most = 64

  /// Its number in the inventory.
  public var index: Int
  /// The share of time in which something computed on it, from 0 to 1.
  public var utilization: Double?
  /// Bytes in use by whatever program.
  public var memoryUsed: Int64?
  public var memoryTotal: Int64?
  /// Tasks of this worker that have it.
  public var tasks: Int
  /// It gets no task until it could be opened anew.
  public var isWithheld: Bool

  public init(
    index: Int, utilization: Double? = nil, memoryUsed: Int64? = nil, memoryTotal: Int64? = nil,
    tasks: Int = 0,
    isWithheld: Bool = false
  ) {
    self.index = index
    self.utilization = utilization
    self.memoryUsed = memoryUsed
    self.memoryTotal = memoryTotal
    self.tasks = tasks
    self.isWithheld = isWithheld
  }

  enum CodingKeys: String, CodingKey {
    case index, utilization, tasks
    case memoryUsed = "memory_used_bytes"
    case memoryTotal = "memory_total_bytes"
    case isWithheld = "withheld"
  }
}

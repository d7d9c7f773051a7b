public import JobModel

public struct WorkerConfiguration: Sendable {
  /// For people; several workers may share one.
  public var name: String
  /// Tasks done at once.
  public var slots: Int
  /// Takes only these of the kinds its executors offer; nil takes all.
  public var kinds: Set<TaskKind>?
  /// For jobs that ask for them.
  public var labels: [String: String]
  /// The GPUs that jobs can ask for.
  public var devices: [Inventory.Device]
  /// The GPU for tasks that ask for none; nil: they compute on the processor.
  public var ownDevice: Int?
  /// How much these GPUs are used, as far as the machine tells it; called on a thread of its own.
  public var deviceUse: @Sendable () -> [DeviceReport]
  /// Opens a GPU and closes it again, and throws when it cannot be used; called on a thread of its own.
  public var openDevice: @Sendable (Int) throws -> Void
  public var version: String
  /// How long a shutdown waits for executors that have been told to stop, in seconds. Their leases are given
  /// back before.
  public var drainSeconds: Double
  /// How long a claim waits at the coordinator, in seconds.
  public var claimWaitSeconds: Double

  public init(
    name: String? = nil, slots: Int = 1, kinds: Set<TaskKind>? = nil, labels: [String: String] = [:],
    devices: [Inventory.Device] = [], ownDevice: Int? = nil,
    deviceUse: @escaping @Sendable () -> [DeviceReport] = { [] },
    openDevice: @escaping @Sendable (Int) throws -> Void = { _ in }, version: String = "0.1.0",
    drainSeconds: Double = 20, claimWaitSeconds: Double = 20
  ) {
    self.name = name ?? Host.name
    self.slots = max(1, slots)
    self.kinds = kinds
    self.labels = labels
    self.devices = devices
    self.ownDevice = ownDevice
    self.deviceUse = deviceUse
    self.openDevice = openDevice
    self.version = version
    self.drainSeconds = drainSeconds
    self.claimWaitSeconds = claimWaitSeconds
  }
}

/// A worker process announces itself and gets a session.
public struct RegisterRequest: Codable, Sendable, Equatable {
  /// For people; sessions tell processes apart, names do not.
  public var name: String
  public var host: String
  public var process: Int
  public var version: String
  public var kinds: [TaskKind]
  /// Tasks it runs at once.
  public var slots: Int
  /// Devices, memory, cores and labels, as the worker describes them.
  public var inventory: Inventory

  public init(
    name: String, host: String, process: Int, version: String, kinds: [TaskKind], slots: Int,
    inventory: Inventory = Inventory()
  ) {
    self.name = name
    self.host = host
    self.process = process
    self.version = version
    self.kinds = kinds
    self.slots = slots
    self.inventory = inventory
  }
}

public struct RegisterReply: Codable, Sendable, Equatable {
  public var session: SessionID
  /// A lease is trusted until the start of the last successful renewal plus this many seconds, less a margin.
  public var leaseSeconds: Double
  public var heartbeatSeconds: Double

  public init(session: SessionID, leaseSeconds: Double, heartbeatSeconds: Double) {
    self.session = session
    self.leaseSeconds = leaseSeconds
    self.heartbeatSeconds = heartbeatSeconds
  }

  enum CodingKeys: String, CodingKey {
    case session
    case leaseSeconds = "lease_seconds"
    case heartbeatSeconds = "heartbeat_seconds"
  }
}

/// Ends a session; leases it still holds are given back.
public struct EndSessionRequest: Codable, Sendable, Equatable {
  public var session: SessionID
  public init(session: SessionID) { self.session = session }
}

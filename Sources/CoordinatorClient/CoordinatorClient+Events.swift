public import JobModel

/// Which events a call asks for; nil leaves a condition out.
public struct EventQuery: Sendable {
  public var lab: String?
  public var job: JobID?
  public var kind: String?
  public var user: String?
  public var since: Timestamp?

  public init(
    lab: String? = nil, job: JobID? = nil, kind: String? = nil, user: String? = nil, since: Timestamp? = nil
  ) {
    self.lab = lab
    self.job = job
    self.kind = kind
    self.user = user
    self.since = since
  }

  var parameters: [(String, String?)] {
    [
      ("lab", lab), ("job", job.map { "\($0)" }), ("kind", kind), ("user", user),
      ("since", since.map { "\($0)" }),
    ]
  }
}

extension CoordinatorClient {
  /// What happened to the lab's jobs, the newest first.
  public func events(_ query: EventQuery, before: Int64? = nil, limit: Int = 50) async throws -> EventList {
    try await list("/v1/events", query, before: before, limit: limit)
  }

  /// Everything that changed a state in a lab, for its owner; of every lab with the lab "*", for administrators.
  public func audit(_ query: EventQuery, before: Int64? = nil, limit: Int = 50) async throws -> EventList {
    try await list("/v1/audit", query, before: before, limit: limit)
  }

  private func list(
    _ path: String, _ query: EventQuery, before: Int64?, limit: Int
  ) async throws -> EventList {
    try await get(
      Self.query(
        path, query.parameters + [("before", before.map { "\($0)" }), ("limit", "\(limit)")]))
  }
}

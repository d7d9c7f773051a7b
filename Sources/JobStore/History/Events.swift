public import JobModel
import PostgresClient

/// Which events are asked for.
public struct EventFilter: Sendable {
  /// nil is every lab and what belongs to none.
  public var lab: LabID?
  public var job: JobID?
  /// Only what happened to jobs and their tasks, not the administration.
  public var jobsOnly: Bool
  public var kind: String?
  /// The name of who did it.
  public var user: String?
  public var since: Timestamp?

  public init(
    lab: LabID?, job: JobID? = nil, jobsOnly: Bool = false, kind: String? = nil, user: String? = nil,
    since: Timestamp? = nil
  ) {
    self.lab = lab
    self.job = job
    self.jobsOnly = jobsOnly
    self.kind = kind
    self.user = user
    self.since = since
  }
}

extension JobStore {
  /// The events of a filter, the newest first.
  public func events(
    _ filter: EventFilter, before: Int64? = nil, limit: Int = 100
  ) async throws -> EventList {
    let page = Page(limit)
    let events = try await pool.run { session in
      try session.events(filter, before: before, limit: page.lookedFor)
    }
    let (elements, next) = page.cut(events, by: \.id)
    return EventList(events: elements, next: next)
  }
}

extension Session {
  /// (Index events_of_job for a job, events_of_lab for a lab, else the primary key backwards.)
  fileprivate func events(_ filter: EventFilter, before: Int64?, limit: Int) throws -> [EventRecord] {
    let rows =
      if let job = filter.job {
        try execute(
          """
          SELECT e.id, extract(epoch FROM e.at)::float8 AS at, e.kind, l.name AS lab, e.job_id, e.task_id,
            u.name AS user_name, e.message
          FROM events e LEFT JOIN labs l ON l.id = e.lab_id LEFT JOIN users u ON u.id = e.user_id
          WHERE e.job_id = $1 AND ($2::bigint IS NULL OR e.lab_id = $2) AND ($3::text IS NULL OR e.kind = $3)
            AND ($4::text IS NULL OR u.name = $4) AND ($5::float8 IS NULL OR e.at >= to_timestamp($5))
            AND ($6::bigint IS NULL OR e.id < $6)
          ORDER BY e.id DESC LIMIT $7
          """, job, filter.lab, filter.kind, filter.user, filter.since, before, limit)
      } else if let lab = filter.lab {
        try execute(
          """
          SELECT e.id, extract(epoch FROM e.at)::float8 AS at, e.kind, l.name AS lab, e.job_id, e.task_id,
            u.name AS user_name, e.message
          FROM events e LEFT JOIN labs l ON l.id = e.lab_id LEFT JOIN users u ON u.id = e.user_id
          WHERE e.lab_id = $1 AND (NOT $2 OR e.job_id IS NOT NULL) AND ($3::text IS NULL OR e.kind = $3)
            AND ($4::text IS NULL OR u.name = $4) AND ($5::float8 IS NULL OR e.at >= to_timestamp($5))
            AND ($6::bigint IS NULL OR e.id < $6)
          ORDER BY e.id DESC LIMIT $7
          """, lab, filter.jobsOnly, filter.kind, filter.user, filter.since, before, limit)
      } else {
        try execute(
          """
          SELECT e.id, extract(epoch FROM e.at)::float8 AS at, e.kind, l.name AS lab, e.job_id, e.task_id,
            u.name AS user_name, e.message
          FROM events e LEFT JOIN labs l ON l.id = e.lab_id LEFT JOIN users u ON u.id = e.user_id
          WHERE (NOT $1 OR e.job_id IS NOT NULL) AND ($2::text IS NULL OR e.kind = $2)
            AND ($3::text IS NULL OR u.name = $3) AND ($4::float8 IS NULL OR e.at >= to_timestamp($4))
            AND ($5::bigint IS NULL OR e.id < $5)
          ORDER BY e.id DESC LIMIT $6
          """, filter.jobsOnly, filter.kind, filter.user, filter.since, before, limit)
      }
    return try rows.map(Self.event)
  }

  static func event(_ row: Rows.Row) throws -> EventRecord {
    EventRecord(
      id: try row.get("id"), at: try row.get("at"), kind: try row.get("kind"),
      lab: try row.getIfPresent("lab"), job: try row.getIfPresent("job_id"),
      task: try row.getIfPresent("task_id"), user: try row.getIfPresent("user_name"),
      message: try row.get("message"))
  }
}

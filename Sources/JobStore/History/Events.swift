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
      let floor = try filter.since.map { try session.lastEvent(before: $0) } ?? 0
      return try session.events(filter, above: floor, before: before ?? .max, limit: page.lookedFor)
    }
    let (elements, next) = page.cut(events, by: \.id)
    return EventList(events: elements, next: next)
  }
}

extension Session {
  /// Numbers follow the times to within this, in seconds, even where the server's clock was set: an event gets its number
  /// when it is written and its time when its transaction begins.
  private static let disorder = 3_600.0

  /// A number below those of all events since a moment, found by halving what may hold it. Without it a look for what is
  /// rare would go through everything that was ever noted. (Primary key of events.)
  fileprivate func lastEvent(before moment: Timestamp) throws -> Int64 {
    try execute(
      """
      WITH RECURSIVE search (low, high, floor) AS (
        SELECT 0::bigint, coalesce((SELECT max(id) FROM events), 0), 0::bigint
        UNION ALL
        SELECT CASE WHEN p.is_before THEN s.middle ELSE s.low END,
          CASE WHEN p.is_before THEN s.high ELSE s.middle END, CASE WHEN p.is_before THEN p.id ELSE s.floor END
        FROM (SELECT low, high, floor, (low + high) / 2 AS middle FROM search WHERE high - low > 1) AS s
          CROSS JOIN LATERAL (
            SELECT coalesce(max(last.id), s.floor) AS id,
              coalesce(max(last.at) < to_timestamp($1) - make_interval(secs => $2), true) AS is_before
            FROM (SELECT id, at FROM events WHERE id <= s.middle ORDER BY id DESC LIMIT 1) AS last) AS p
      )
      SELECT max(floor) AS floor FROM search
      """, moment, Self.disorder
    ).only().get("floor")
  }

  /// (Index events_of_job for a job, events_of_lab for a lab, else the primary key backwards.)
  /// - Parameters:
  ///   - floor: only what has a higher number.
  ///   - before: only what has a lower one.
  fileprivate func events(
    _ filter: EventFilter, above floor: Int64, before: Int64, limit: Int
  ) throws -> [EventRecord] {
    let rows =
      if let job = filter.job {
        try execute(
          """
          SELECT * FROM event_records($3, $4, $5, $6, $7)
          WHERE job_id = $1 AND ($2::bigint IS NULL OR lab_id = $2) ORDER BY id DESC LIMIT $8
          """, job, filter.lab, filter.kind, filter.user, filter.since, floor, before, limit)
      } else if let lab = filter.lab {
        try execute(
          """
          SELECT * FROM event_records($3, $4, $5, $6, $7)
          WHERE lab_id = $1 AND (NOT $2 OR job_id IS NOT NULL) ORDER BY id DESC LIMIT $8
          """, lab, filter.jobsOnly, filter.kind, filter.user, filter.since, floor, before, limit)
      } else {
        try execute(
          """
          SELECT * FROM event_records($2, $3, $4, $5, $6)
          WHERE NOT $1 OR job_id IS NOT NULL ORDER BY id DESC LIMIT $7
          """, filter.jobsOnly, filter.kind, filter.user, filter.since, floor, before, limit)
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

public import JobModel
import PostgresClient

/// Follows a lab's events without missing one.
///
/// Numbers are given when an event is written, but it shows when its transaction commits: 12 may show after 13. So the
/// tail looks again at everything younger than the longest transaction, and passes on what it has not seen.
public struct EventTail: Sendable {
  /// No transaction lasts longer, in seconds; twice what statement and idle timeouts allow.
  static let longestTransaction = 60.0

  public let lab: LabID
  /// Everything up to this event has shown; a reader that comes back begins here.
  public private(set) var floor: Int64
  private var seen: Set<Int64> = []

  /// Numbers above the floor that were passed on, or passed over because they came before the tail.
  public var known: [Int64] { seen.sorted() }

  init(lab: LabID, floor: Int64) {
    self.lab = lab
    self.floor = floor
  }

  /// What of a look is new.
  mutating func accept(_ events: [EventRecord], now: Timestamp) -> [EventRecord] {
    let new = events.filter { seen.insert($0.id).inserted }
    let settled = events.last { $0.at < now - 2 * Self.longestTransaction }
    if let settled {
      floor = settled.id
      seen = seen.filter { $0 > settled.id }
    }
    return new
  }
}

extension JobStore {
  /// A tail of the events of a lab's jobs.
  /// - Parameter floor: where an earlier tail stood; nil begins with what happens from now on.
  public func eventTail(lab: LabID, from floor: Int64?) async throws -> EventTail {
    if let floor { return EventTail(lab: lab, floor: floor) }
    let start: Int64 = try await pool.run { session in
      try session.execute(
        """
        SELECT coalesce((SELECT id FROM events WHERE lab_id = $1 AND at < now() - make_interval(secs => $2)
          ORDER BY id DESC LIMIT 1), 0) AS floor
        """, lab, 2 * EventTail.longestTransaction
      ).only().get("floor")
    }
    var tail = EventTail(lab: lab, floor: start)
    while try await !newEvents(&tail).isEmpty {}
    return tail
  }

  /// What happened since the last look, the oldest first. (Index events_of_lab.)
  public func newEvents(_ tail: inout EventTail) async throws -> [EventRecord] {
    let (lab, floor) = (tail.lab, tail.floor)
    let (events, now) = try await pool.transaction { session -> ([EventRecord], Timestamp) in
      let now: Timestamp = try session.execute("SELECT extract(epoch FROM now())::float8 AS now").only()
        .get("now")
      let events = try session.execute(
        """
        SELECT e.id, extract(epoch FROM e.at)::float8 AS at, e.kind, l.name AS lab, e.job_id, e.task_id,
          u.name AS user_name, e.message
        FROM events e LEFT JOIN labs l ON l.id = e.lab_id LEFT JOIN users u ON u.id = e.user_id
        WHERE e.lab_id = $1 AND e.id > $2 AND e.job_id IS NOT NULL ORDER BY e.id LIMIT 10000
        """, lab, floor
      ).map(Session.event)
      return (events, now)
    }
    return tail.accept(events, now: now)
  }
}

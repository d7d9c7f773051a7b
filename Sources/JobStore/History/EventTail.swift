public import JobModel
import PostgresClient

/// Follows a lab's events without missing one.
///
/// Numbers are given when an event is written, but it shows when its transaction commits: 12 may show after 13. So the
/// tail goes on from the highest number it has met, and about once a second looks for late ones among everything younger
/// than the longest transaction.
public struct EventTail: Sendable {
  /// No transaction lasts longer, in seconds; twice what statement and idle timeouts allow.
  static let longestTransaction = 60.0
  /// How many events a look takes in, besides late ones.
  static let page = 10_000
  /// Between two looks for late events, in seconds.
  static let lateInterval = 1.0

  public let lab: LabID
  /// Everything up to this event has shown; a reader that comes back begins here.
  public private(set) var floor: Int64
  /// The highest number met.
  fileprivate private(set) var top: Int64
  /// When the events above the floor began that were passed on, or passed over because they came before the tail.
  private var seen: [Int64: Timestamp] = [:]
  /// When late events were looked for last, by the database's clock.
  private var lateLook = -Timestamp.infinity

  /// Numbers above the floor that were passed on or passed over.
  public var known: [Int64] { seen.keys.sorted() }

  init(lab: LabID, floor: Int64) {
    self.lab = lab
    self.floor = floor
    top = floor
  }

  fileprivate func looksForLate(at now: Timestamp) -> Bool { now >= lateLook + Self.lateInterval }

  fileprivate mutating func accept(_ events: [EventRecord]) {
    for event in events {
      seen[event.id] = event.at
      top = max(top, event.id)
    }
  }

  /// Late events were looked for, at a moment after `now`.
  fileprivate mutating func settle(now: Timestamp) {
    lateLook = now
    let settled = seen.lazy.filter { $0.value < now - 2 * Self.longestTransaction }.map(\.key).max()
    guard let settled else { return }
    floor = settled
    seen = seen.filter { $0.key > settled }
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
    while try await newEvents(&tail).count >= EventTail.page {}
    return tail
  }

  /// What happened since the last look, the oldest first; the rest of very much comes with the next looks.
  public func newEvents(_ tail: inout EventTail) async throws -> [EventRecord] {
    let before = tail
    let (after, events) = try await pool.transaction { session -> (EventTail, [EventRecord]) in
      var tail = before
      let now: Timestamp = try session.execute("SELECT extract(epoch FROM now())::float8 AS now").only()
        .get("now")
      let next = try session.events(above: tail)
      tail.accept(next)
      guard tail.looksForLate(at: now) else { return (tail, next) }
      let late = try session.lateEvents(of: tail)
      tail.accept(late)
      tail.settle(now: now)
      return (tail, (next + late).sorted { $0.id < $1.id })
    }
    tail = after
    return events
  }
}

extension Session {
  /// (Index events_of_lab.)
  fileprivate func events(above tail: EventTail) throws -> [EventRecord] {
    try execute(
      """
      SELECT * FROM event_records(NULL, NULL, NULL, $2, $4)
      WHERE lab_id = $1 AND job_id IS NOT NULL ORDER BY id LIMIT $3
      """, tail.lab, tail.top, EventTail.page, Int64.max
    ).map(Self.event)
  }

  /// What shows now below the highest number met. (Index events_of_lab.)
  fileprivate func lateEvents(of tail: EventTail) throws -> [EventRecord] {
    try execute(
      """
      SELECT * FROM event_records(NULL, NULL, NULL, $2, $3)
      WHERE lab_id = $1 AND job_id IS NOT NULL AND id NOT IN (SELECT unnest($4::bigint[]))
      """, tail.lab, tail.floor, tail.top, tail.known
    ).map(Self.event)
  }
}

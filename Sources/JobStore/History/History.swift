import PostgresClient

/// How long what happened is kept. Whole months are dropped, so things live up to a month longer.
public struct Retention: Sendable, Equatable {
  /// Days; nil keeps logs for ever.
  public var logDays: Double?
  /// Days; nil keeps events for ever.
  public var eventDays: Double?

  public init(logDays: Double? = nil, eventDays: Double? = nil) {
    self.logDays = logDays
    self.eventDays = eventDays
  }
}

extension JobStore {
  /// Makes the months that will be needed next and drops those that are over. May be done at any time, by any number
  /// of processes.
  /// - Returns: partitions made and dropped.
  @discardableResult
  public func keepHistory(_ retention: Retention = Retention()) async throws -> (made: Int, dropped: Int) {
    try await pool.transaction { session in
      // Dropping waits for whoever reads; nobody waits for long behind it.
      try session.execute("SELECT set_config('lock_timeout', '2000', true)")
      let made: Int = try session.execute(
        "SELECT make_history_partitions(now() + interval '2 months') AS made"
      ).only().get("made")
      var dropped = 0
      for (table, days) in [("logs", retention.logDays), ("events", retention.eventDays)] {
        guard let days else { continue }
        dropped += try session.execute(
          "SELECT drop_history_partitions($1, now() - make_interval(secs => $2)) AS dropped", table,
          days * 86_400
        ).only().get("dropped", as: Int.self)
      }
      // Deliveries whose event has been dropped, or that a stopped coordinator left for days.
      try session.execute(
        """
        WITH gone AS (
          DELETE FROM webhook_deliveries WHERE created_at < now() - interval '3 days' RETURNING webhook_id
        )
        UPDATE webhooks w SET given_up = w.given_up + g.deliveries
        FROM (SELECT webhook_id, count(*) AS deliveries FROM gone GROUP BY webhook_id) AS g
        WHERE w.id = g.webhook_id
        """)
      return (made, dropped)
    }
  }
}

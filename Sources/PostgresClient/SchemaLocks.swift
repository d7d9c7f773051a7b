/// Takes every table for a change of the schema, while programs are at work.
///
/// A transaction that holds one table and wants another which the change has already taken waits in a circle with it.
/// The server ends one of a circle: whoever waited in it for `deadlock_timeout` (a second, as it comes). The change waits
/// for less at a time and keeps what it has, so it is never the one; the transaction is. Its program runs it again when
/// the change is over (`waitForChange`), so that each connection stands in the way once at most. Whoever waited for the
/// second before the circle closed is not looked at again: the change then lets go of everything and begins anew.
enum SchemaLocks {
  /// How often a change asks for a table again, for all of them together. Meanwhile the programs stand still.
  private static let mostTurns = 4

  /// The advisory lock that a change of the schema holds from its first statement to its end.
  private static let key: Int64 = 4_701_120_951

  /// Lets one change of the schema run at a time.
  static func begin(_ session: Session) throws {
    try session.execute("SELECT pg_advisory_xact_lock($1)", key)
  }

  /// Returns when no change of the schema is under way. The session holds nothing that a change could wait for.
  static func waitForChange(_ session: Session) throws {
    try session.execute("SELECT pg_advisory_xact_lock_shared($1)", key)
  }

  /// Takes every table of the session's schema until its transaction ends.
  /// - Throws: `PostgresError` with `isLockTimeout` when a transaction does not end that holds one of them. The whole
  ///   transaction is to be rolled back then, so that the programs go on.
  static func take(_ session: Session) throws {
    try session.execute(
      """
      SELECT set_config('lock_timeout', (0.8 * setting::integer)::integer::text, true) FROM pg_settings
      WHERE name = 'deadlock_timeout' AND unit = 'ms'
      """)
    let tables: [String] = try session.execute(
      """
      SELECT oid::regclass::text AS name FROM pg_class
      WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
      ORDER BY relname
      """
    ).map { try $0.get("name") }
    var turns = 0
    for table in tables {
      while try !isTaken(table, session) {
        turns += 1
        guard turns < mostTurns else {
          let holders = try holders(of: table, session)
          throw PostgresError(
            .server(sqlState: "55P03"),
            "table \(table) is held by a transaction that does not end: \(holders)")
        }
      }
    }
  }

  /// - Parameter table: a name as the server quotes it.
  /// - Returns: false when the table was not free within a turn; what was taken before is kept.
  private static func isTaken(_ table: String, _ session: Session) throws -> Bool {
    try session.executeScript("SAVEPOINT before_table")
    do {
      try session.executeScript("LOCK TABLE \(table) IN ACCESS EXCLUSIVE MODE")
      try session.executeScript("RELEASE SAVEPOINT before_table")
      return true
    } catch {
      guard error.isLockTimeout else { throw error }
      try session.executeScript("ROLLBACK TO SAVEPOINT before_table")
      return false
    }
  }

  /// Who holds `table`, for a person to end it: process, program, state and what it runs or ran last.
  private static func holders(of table: String, _ session: Session) throws -> String {
    try session.execute(
      """
      SELECT coalesce(string_agg(format('process %s (%s, %s for %s s): %s', a.pid, a.application_name, a.state,
        round(extract(epoch FROM clock_timestamp() - a.state_change)),
        left(regexp_replace(a.query, '[[:space:]]+', ' ', 'g'), 200)), '; '), 'nobody any more') AS holders
      FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
      WHERE l.relation = $1::text::regclass AND l.granted AND l.pid <> pg_backend_pid()
      """, table
    ).only().get("holders")
  }
}

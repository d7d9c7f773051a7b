import PostgresClient

/// Looks at what keeps a database from doing its part.
extension JobStore {
  /// A snapshot held longer than this, in seconds, keeps enough dead rows to slow claims down.
  static let longSnapshot = 300.0

  /// Everything that can be seen from inside the database, one finding or more per subject.
  /// - Parameter now: this machine's clock, in seconds since 1970.
  public func diagnoseDatabase(now: Double) async throws -> [Finding] {
    var findings = [Self.finding(try await schemaState())]
    guard case .same = try await schemaState() else { return findings }
    findings += try await pool.transaction { session in
      [
        try session.clockFinding(now: now), try session.durabilityFinding(), try session.connectionFinding(),
        try session.partitionFinding(), try session.leaderFinding(),
      ] + (try session.snapshotFindings(olderThan: Self.longSnapshot)) + (try session.bloatFindings())
    }
    return findings
  }

  /// Who holds a snapshot for longer than so many seconds.
  package func snapshotFindings(olderThan seconds: Double) async throws -> [Finding] {
    try await pool.run { session in try session.snapshotFindings(olderThan: seconds) }
  }

  private static func finding(_ state: SchemaState) -> Finding {
    switch state {
    case .same(let number): Finding(.fine, "schema", "migration \(number), as this program has it")
    case .older(let database, let program):
      Finding(
        .problem, "schema", "the database is at migration \(database), this program at \(program)",
        advice: "a start of 'ar1 coordinator' of this version brings it forward")
    case .newer(let database, let program):
      Finding(
        .problem, "schema", "the database is at migration \(database), this program knows \(program)",
        advice: "use a program at least as new as the one that migrated it")
    }
  }
}

extension Session {
  fileprivate func clockFinding(now: Double) throws -> Finding {
    let theirs: Double = try execute("SELECT extract(epoch FROM clock_timestamp())::float8 AS now").only()
      .get("now")
    let skew = abs(theirs - now)
    let text = "the database's clock and this machine's differ by \(Self.seconds(skew))"
    return skew < 5
      ? Finding(.fine, "clock", text)
      : Finding(.warning, "clock", text, advice: "run NTP on both; leases go by the database's clock alone")
  }

  fileprivate func durabilityFinding() throws -> Finding {
    let off: [String] = try execute(
      """
      SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')
        AND setting = 'off' ORDER BY name
      """
    ).map { try $0.get("name") }
    return off.isEmpty
      ? Finding(.fine, "durability", "commits are flushed to disk")
      : Finding(
        .problem, "durability", "\(off.joined(separator: ", ")) off: a crash loses what was acknowledged",
        advice: "turn on in postgresql.conf and reload")
  }

  fileprivate func connectionFinding() throws -> Finding {
    let row = try execute(
      """
      SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
        current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint
          AS allowed
      """
    ).only()
    let (used, allowed): (Int, Int) = (try row.get("used"), try row.get("allowed"))
    let text = "\(used) of \(allowed) connections are used"
    return used * 5 < allowed * 4
      ? Finding(.fine, "connections", text)
      : Finding(
        .warning, "connections", text, advice: "raise max_connections or lower --connections of coordinators")
  }

  fileprivate func partitionFinding() throws -> Finding {
    let missing: [String] = try execute(
      """
      SELECT whole || to_char(month AT TIME ZONE 'UTC', '_YYYY_MM') AS name
      FROM unnest(ARRAY['events', 'logs']) AS whole, unnest(ARRAY[now(), now() + interval '1 month']) AS month
      WHERE to_regclass(whole || to_char(month AT TIME ZONE 'UTC', '_YYYY_MM')) IS NULL
      """
    ).map { try $0.get("name") }
    return missing.isEmpty
      ? Finding(.fine, "history", "this month's and the next one's partitions are there")
      : Finding(
        .problem, "history", "partitions are missing: \(missing.joined(separator: ", "))",
        advice: "start a coordinator; it makes them")
  }

  fileprivate func leaderFinding() throws -> Finding {
    let row = try execute(
      "SELECT term, expires_at > now() AS leads FROM leader WHERE id = 1"
    ).first
    guard let row, try row.get("leads", as: Bool.self) else {
      return Finding(
        .problem, "leader", "no coordinator leads: nothing is taken back from dead workers",
        advice: "start 'ar1 coordinator'")
    }
    return Finding(.fine, "leader", "a coordinator leads in term \(try row.get("term", as: Int64.self))")
  }

  /// Who holds an old snapshot: as long as one does no dead row goes, and claims get slower by the minute.
  fileprivate func snapshotFindings(olderThan limit: Double) throws -> [Finding] {
    let holders = try execute(
      """
      SELECT 'process ' || pid || ' (' || coalesce(nullif(application_name, ''), 'unnamed') || ', '
          || coalesce(state, 'no state') || ')' AS holder,
        extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds,
        'SELECT pg_terminate_backend(' || pid || ')' AS remedy
      FROM pg_stat_activity
      WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid() AND backend_type = 'client backend'
        AND xact_start < clock_timestamp() - make_interval(secs => $1)
      UNION ALL
      SELECT 'prepared transaction ' || gid, extract(epoch FROM clock_timestamp() - prepared)::float8,
        'ROLLBACK PREPARED ' || quote_literal(gid)
      FROM pg_prepared_xacts WHERE prepared < clock_timestamp() - make_interval(secs => $1)
      UNION ALL
      SELECT 'replication slot ' || slot_name, $1, 'SELECT pg_drop_replication_slot(' || quote_literal(slot_name) || ')'
      FROM pg_replication_slots WHERE NOT active AND (xmin IS NOT NULL OR catalog_xmin IS NOT NULL)
      ORDER BY 2 DESC
      """, limit
    ).map { row in
      Finding(
        .warning, "snapshots",
        "\(try row.get("holder", as: String.self)) holds a snapshot since \(Self.seconds(try row.get("seconds")))",
        advice:
          "while it does, dead rows stay and claims slow down; end it: \(try row.get("remedy", as: String.self))"
      )
    }
    return holders.isEmpty ? [Finding(.fine, "snapshots", "nobody holds an old one")] : holders
  }

  fileprivate func bloatFindings() throws -> [Finding] {
    let bloated = try execute(
      """
      SELECT relname, n_dead_tup AS dead, n_live_tup AS live FROM pg_stat_user_tables
      WHERE relname IN ('ready', 'tasks', 'jobs', 'worker_sessions') AND n_dead_tup > 50000
        AND n_dead_tup > 2 * n_live_tup ORDER BY relname
      """
    ).map { row in
      Finding(
        .warning, "dead rows",
        "\(try row.get("relname", as: String.self)) has \(try row.get("dead", as: Int.self)) dead rows and "
          + "\(try row.get("live", as: Int.self)) live ones",
        advice: "see that autovacuum runs and that nobody holds an old snapshot")
    }
    return bloated.isEmpty ? [Finding(.fine, "dead rows", "the hot tables are lean")] : bloated
  }

  static func seconds(_ value: Double) -> String {
    if value < 120 { return "\((value * 10).rounded() / 10) s" }
    return value < 7_200 ? "\(Int(value / 60)) min" : "\(Int(value / 3_600)) h"
  }
}

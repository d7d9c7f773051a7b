import JobModel
import PostgresClient

/// Looks at what keeps work from getting done.
extension JobStore {
  /// - Parameter version: of this program.
  public func diagnoseQueue(version: String) async throws -> [Finding] {
    try await pool.transaction { session in
      (try session.workerFindings(version: version)) + (try session.tokenFindings())
        + (try session.webhookFindings()) + (try session.jobFindings()) + (try session.taskFindings())
    }
  }
}

extension Session {
  /// (Index worker_sessions_alive.)
  fileprivate func workerFindings(version: String) throws -> [Finding] {
    var findings: [Finding] = []
    let others = try execute(
      """
      SELECT version, count(*) AS workers, min(name) AS example FROM worker_sessions
      WHERE state = 'alive' AND version <> $1 GROUP BY version ORDER BY version
      """, version
    ).map { row in
      Finding(
        .warning, "workers",
        "\(try row.get("workers", as: Int.self)) workers are of version \(try row.get("version", as: String.self)), "
          + "this program of \(version); one is \(try row.get("example", as: String.self))",
        advice: "restart them with this version; a drained worker gives its tasks back at no cost")
    }
    findings += others
    let forsaken = try execute(
      """
      SELECT waiting.kind, waiting.tasks, d.id AS draining, d.name FROM (
        SELECT kind, count(*) AS tasks FROM ready
        WHERE NOT EXISTS (SELECT 1 FROM worker_sessions w
          WHERE w.state = 'alive' AND NOT w.draining AND ready.kind = ANY (w.kinds))
        GROUP BY kind) AS waiting
      LEFT JOIN LATERAL (SELECT w.id, w.name FROM worker_sessions w
        WHERE w.state = 'alive' AND w.draining AND waiting.kind = ANY (w.kinds) ORDER BY w.id LIMIT 1) AS d ON true
      ORDER BY waiting.kind
      """
    ).map { row in
      let waiting =
        "\(try row.get("tasks", as: Int.self)) \(try row.get("kind", as: String.self)) tasks wait, and "
      guard let draining: SessionID = try row.getIfPresent("draining") else {
        return Finding(
          .problem, "workers", waiting + "no worker takes that kind",
          advice: "start 'ar1 worker', with --kinds if it shall take no others")
      }
      return Finding(
        .warning, "workers",
        waiting + "whoever takes that kind is draining; one is \(try row.get("name", as: String.self))",
        advice: "ar1 drain \(draining) --undo gives it work again")
    }
    findings += forsaken
    let alive: Int = try execute(
      "SELECT count(*) AS alive FROM worker_sessions WHERE state = 'alive'"
    ).only().get("alive")
    if findings.isEmpty { findings = [Finding(.fine, "workers", "\(alive) alive, all of this version")] }
    return findings
  }

  /// Unfinished jobs that are recorded as finished ones. (Index jobs_unfinished.)
  fileprivate func jobFindings() throws -> [Finding] {
    try execute(
      """
      SELECT id, state, count(*) OVER () AS jobs FROM jobs
      WHERE finished_at IS NULL AND state NOT IN ('queued', 'running') ORDER BY lab_id, id LIMIT 1
      """
    ).map { row in
      Finding(
        .problem, "jobs",
        "\(try row.get("jobs", as: Int.self)) jobs contradict themselves; job \(try row.get("id", as: JobID.self)) is "
          + "\(try row.get("state", as: String.self)) and unfinished",
        advice:
          "somebody has changed the records by hand; ar1 retry lets one go on that is recorded as failed or cancelled"
      )
    }
  }

  /// Unfinished tasks that are recorded as finished ones, or as running with nobody. (Index tasks_unfinished.)
  fileprivate func taskFindings() throws -> [Finding] {
    try execute(
      """
      SELECT t.id, t.job_id, t.state, count(*) OVER () AS tasks FROM tasks t
      WHERE t.finished_at IS NULL AND (t.state NOT IN ('blocked', 'ready', 'running')
        OR (t.state = 'running' AND t.session_id IS NULL)) ORDER BY t.job_id, t.stage, t.id LIMIT 1
      """
    ).map { row in
      Finding(
        .problem, "tasks",
        "\(try row.get("tasks", as: Int.self)) tasks contradict themselves; task \(try row.get("id", as: TaskID.self)) "
          + "of job \(try row.get("job_id", as: JobID.self)) is \(try row.get("state", as: String.self)) and unfinished",
        advice:
          "somebody has changed the records by hand; ar1 cancel ends what is left of a job that has not ended"
      )
    }
  }

  fileprivate func tokenFindings() throws -> [Finding] {
    let expiring = try execute(
      """
      SELECT t.id, u.name AS user_name, l.name AS lab, t.role,
        extract(epoch FROM t.expires_at - now())::float8 AS seconds
      FROM tokens t JOIN users u ON u.id = t.user_id JOIN labs l ON l.id = u.lab_id
      WHERE t.revoked_at IS NULL AND t.expires_at BETWEEN now() AND now() + interval '14 days'
        AND t.successor_id IS NULL AND u.disabled_at IS NULL AND l.closed_at IS NULL
        -- One that was never used, or not for a month, is nobody's loss.
        AND t.last_used_at > now() - interval '30 days'
      ORDER BY t.expires_at LIMIT 20
      """
    ).map { row in
      let id: Int64 = try row.get("id")
      return Finding(
        .warning, "tokens",
        "token \(id) of \(try row.get("user_name", as: String.self)) in \(try row.get("lab", as: String.self)) "
          + "(\(try row.get("role", as: String.self))) expires in \(Self.seconds(try row.get("seconds")))",
        advice: "ar1 token rotate \(id)")
    }
    return expiring.isEmpty ? [Finding(.fine, "tokens", "none in use expires within 14 days")] : expiring
  }

  fileprivate func webhookFindings() throws -> [Finding] {
    let areHeld: Bool = try execute(
      """
      SELECT tgenabled = 'D' AND EXISTS (SELECT FROM webhooks) AS held FROM pg_trigger
      WHERE tgrelid = 'events'::regclass AND tgname = 'events_to_webhooks'
      """
    ).only().get("held")
    let held = Finding(
      .problem, "webhooks",
      "events are not handed to the webhooks that there are, as after a restore without triggers",
      advice: "add a webhook and delete it again: either sets this right")
    let late = try execute(
      """
      SELECT w.id, l.name AS lab, w.last_error, count(d.id) AS pending FROM webhooks w
        JOIN labs l ON l.id = w.lab_id JOIN webhook_deliveries d ON d.webhook_id = w.id
      WHERE d.created_at < now() - interval '10 minutes'
      GROUP BY w.id, l.name, w.last_error ORDER BY w.id LIMIT 20
      """
    ).map { row in
      Finding(
        .warning, "webhooks",
        "webhook \(try row.get("id", as: Int64.self)) of \(try row.get("lab", as: String.self)) has "
          + "\(try row.get("pending", as: Int.self)) events older than 10 min: "
          + (try row.getIfPresent("last_error", as: String.self) ?? "no coordinator sends them"))
    }
    return areHeld ? [held] + late : late
  }
}

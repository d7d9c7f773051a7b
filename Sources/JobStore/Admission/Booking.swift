import JobModel
import PostgresClient
import Scheduling

extension JobStore {
  /// Books what ended attempts have used since the last time: to the decayed usage that shares go by, to the days
  /// that budgets go by, and to the lengths that forecasts go by. All of it or nothing.
  func bookCharges() async throws {
    let policy = schedulingPolicy
    try await pool.transaction { session in
      try session.execute("SELECT pg_advisory_xact_lock(7271002)")
      let needs = try session.needs()
      let memory = try session.largestDevice()
      let charges = try session.takeCharges()
      try session.noteTurnover(charges.reduce(0) { $0 + $1.attempts })
      for charge in charges {
        let need = charge.need.flatMap { needs[$0] } ?? .slot
        try session.book(
          charge, device: need.kind, used: charge.seconds * need.units(deviceMemory: memory), policy: policy)
      }
    }
  }
}

/// Attempts of one sort, added up.
private struct Charge {
  let lab: LabID
  let user: UserID
  let job: JobID
  let kind: TaskKind
  let need: Int?
  let priority: Int
  let jobKind: JobKind
  let attempts: Int
  let seconds: Double
  let finished: Int
  let finishedSeconds: Double
}

extension Session {
  /// The memory of the largest device that may have been used since charges were booked last: of sessions that live,
  /// whether they take new tasks or not, and of those that ended within a day. (Indices worker_sessions_alive,
  /// worker_sessions_ended.)
  fileprivate func largestDevice() throws -> Int64 {
    let inventories: [Inventory] = try execute(
      """
      SELECT inventory FROM worker_sessions WHERE state = 'alive'
      UNION ALL SELECT inventory FROM worker_sessions WHERE over_at > now() - interval '1 day'
      """
    ).map { try $0.json("inventory") }
    return inventories.flatMap { $0.devices.map(\.memoryBytes) }.max() ?? 0
  }

  /// Notes what a running attempt has used, at its end. The caller holds the task. (Primary keys of tasks and jobs.)
  func charge(_ task: TaskID, succeeded: Bool = false) throws {
    try execute(
      """
      INSERT INTO charges
      SELECT c.* FROM (
        SELECT job_id, kind, date_part('epoch', clock_timestamp() - claimed_at) AS seconds FROM tasks
        WHERE id = $1 AND claimed_at IS NOT NULL) AS t
        CROSS JOIN LATERAL charge_of(t.job_id, t.kind, 1, t.seconds, $2) AS c
      """, task, succeeded)
  }

  fileprivate func takeCharges() throws -> [Charge] {
    try execute(
      """
      WITH taken AS (DELETE FROM charges
        RETURNING lab_id, user_id, job_id, kind, need_id, priority, seconds, succeeded, attempts)
      SELECT t.lab_id, t.user_id, t.job_id, t.kind, t.need_id, t.priority, j.kind AS job_kind,
        sum(t.attempts) AS attempts, sum(t.seconds) AS seconds,
        coalesce(sum(t.attempts) FILTER (WHERE t.succeeded), 0) AS finished,
        coalesce(sum(t.seconds) FILTER (WHERE t.succeeded), 0) AS finished_seconds
      FROM taken t JOIN jobs j ON j.id = t.job_id
      GROUP BY t.lab_id, t.user_id, t.job_id, t.kind, t.need_id, t.priority, j.kind
      ORDER BY t.lab_id, t.user_id, t.job_id, t.kind
      """
    ).map { row in
      Charge(
        lab: try row.get("lab_id"), user: try row.get("user_id"), job: try row.get("job_id"),
        kind: try row.name("kind"), need: try row.getIfPresent("need_id"), priority: try row.get("priority"),
        jobKind: try row.name("job_kind"), attempts: try row.get("attempts"), seconds: try row.get("seconds"),
        finished: try row.get("finished"),
        finishedSeconds: try row.get("finished_seconds"))
    }
  }

  /// Half of what was counts each time; what is next to nothing counts as none, as the database has no number for the half
  /// of its smallest one.
  fileprivate func noteTurnover(_ attempts: Int) throws {
    try execute(
      """
      UPDATE admission SET booked_at = now(), turnover = (CASE WHEN turnover > 1e-6 THEN turnover ELSE 0 END
        + $1 / greatest(extract(epoch FROM now() - booked_at), 0.2)) / 2
      WHERE id = 1
      """, Double(attempts))
  }

  /// (Primary keys of the three tables.)
  fileprivate func book(_ charge: Charge, device: DeviceKind, used: Double, policy: SchedulingPolicy) throws {
    try execute(
      """
      INSERT INTO decayed_usage (lab_id, user_id, device, amount, at) VALUES ($1, $2, $3, $4, now())
      ON CONFLICT (lab_id, user_id, device) DO UPDATE SET at = now(), amount = excluded.amount
        + decayed_usage.amount * exp(-ln(2) * least(extract(epoch FROM now() - decayed_usage.at) / $5, 700))
      """, charge.lab, charge.user, device.rawValue, used * policy.price(priority: charge.priority),
      policy.halfLife)
    try execute(
      """
      INSERT INTO usage_ledger AS l (lab_id, day, user_id, device, kind, unit_seconds, attempts)
      VALUES ($1, (now() AT TIME ZONE 'UTC')::date, $2, $3, $4, $5, $6)
      ON CONFLICT (lab_id, day, user_id, device, kind) DO UPDATE SET attempts = l.attempts + excluded.attempts,
        unit_seconds = l.unit_seconds + excluded.unit_seconds
      """, charge.lab, charge.user, device.rawValue, charge.jobKind.rawValue, used, charge.attempts)
    guard charge.finished > 0 else { return }
    try execute(
      """
      INSERT INTO task_lengths (job_id, kind, finished, seconds) VALUES ($1, $2, $3, $4)
      ON CONFLICT (job_id, kind) DO UPDATE SET finished = task_lengths.finished + excluded.finished,
        seconds = task_lengths.seconds + excluded.seconds
      """, charge.job, charge.kind.rawValue, charge.finished, charge.finishedSeconds)
  }
}

import JobModel
import PostgresClient
import Scheduling

extension Session {
  /// Of each user's jobs that ask for the same so many are looked at in one pass.
  static let jobsInTurn = 100

  /// Waiting tasks of the jobs whose turn can come: of each user's jobs that ask for the same the first hundred of
  /// which something could begin now, in the order in which that user's are served (`WaitingLine`), and those for which
  /// capacity is kept. What cannot begin at all on the workers there are thus holds up its like only, and what has begun
  /// nothing that has not.
  ///
  /// The index has these lines one after the other, and in each the jobs of a priority by their age. A line is walked band
  /// by band, and only until there are enough; so the backlog behind costs nothing. (Indices jobs_unfinished, jobs_reserved,
  /// tasks_unfinished, primary keys of jobs and task_ranges.)
  func demands(_ needs: [Int: ResourceRequest], held: [Holding], policy: SchedulingPolicy) throws
    -> [Demand]
  {
    let held = Dictionary(held.map { ($0.job, 1) }, uniquingKeysWith: +)
    let parts = policy.bandParts
    return try execute(
      """
      WITH RECURSIVE run AS (
        (SELECT lab_id, user_id, kind, coalesce(need_id, 0) AS need, started_at IS NULL AS is_new, priority FROM jobs
          WHERE finished_at IS NULL
          ORDER BY lab_id, user_id, kind, coalesce(need_id, 0), (started_at IS NULL), priority LIMIT 1)
        UNION ALL
        SELECT next.* FROM run CROSS JOIN LATERAL (
          SELECT lab_id, user_id, kind, coalesce(need_id, 0), started_at IS NULL, priority FROM jobs
          WHERE finished_at IS NULL AND (lab_id, user_id, kind, coalesce(need_id, 0), (started_at IS NULL), priority)
            > (run.lab_id, run.user_id, run.kind, run.need, run.is_new, run.priority)
          ORDER BY lab_id, user_id, kind, coalesce(need_id, 0), (started_at IS NULL), priority LIMIT 1) AS next
      ), line AS MATERIALIZED (
        SELECT lab_id, user_id, kind, need, is_new, array_agg(priority::int) AS priorities FROM run
        GROUP BY lab_id, user_id, kind, need, is_new
      ), first AS MATERIALIZED (
        SELECT job.id FROM line CROSS JOIN LATERAL (
          SELECT j.id FROM (
            SELECT p.priority,
              CASE WHEN b.least_age = 0 THEN 'infinity' ELSE now() - make_interval(secs => b.least_age) END AS latest,
              CASE WHEN b.age_limit = 'infinity' THEN '-infinity' ELSE now() - make_interval(secs => b.age_limit) END AS bound
            FROM unnest(line.priorities) AS p (priority)
              JOIN unnest($1::int[], $2::int[], $3::int[], $4::float8[], $5::float8[])
                AS b (band, low, high, least_age, age_limit) ON p.priority BETWEEN b.low AND b.high
            ORDER BY b.band DESC, p.priority DESC) AS part
          CROSS JOIN LATERAL (
            SELECT id FROM jobs_that_may_begin() o
            WHERE finished_at IS NULL AND lab_id = line.lab_id AND user_id = line.user_id AND kind = line.kind
              AND coalesce(need_id, 0) = line.need AND (started_at IS NULL) = line.is_new AND priority = part.priority
              AND greatest(created_at, begins_at) <= part.latest AND greatest(created_at, begins_at) > part.bound
              AND (at_once IS NULL OR at_once > (SELECT count(*) FROM tasks
                WHERE job_id = o.id AND finished_at IS NULL AND state IN ('ready', 'running')))
              AND ((SELECT t.id FROM tasks_at_turn(o.id) t LIMIT 1) IS NOT NULL
                OR (SELECT r.job_id FROM ranges_at_turn(o.id) r LIMIT 1) IS NOT NULL)
            ORDER BY greatest(created_at, begins_at), id LIMIT $6) AS j
          LIMIT $6) AS job
      ), turn AS (
        SELECT id, lab_id, user_id, priority, at_once, spec ->> 'method' AS method, need_id, light_need_id,
          greatest(created_at, begins_at) AS since, reserved_at
        FROM jobs_that_may_begin()
        WHERE id = ANY(ARRAY(
          SELECT id FROM first UNION SELECT id FROM jobs WHERE reserved_at IS NOT NULL AND finished_at IS NULL))
      )
      SELECT turn.id, turn.lab_id, turn.user_id, turn.priority, turn.at_once, w.kind, w.waiting,
        companions_of(w.kind, turn.method) AS companions,
        need_of(w.kind, turn.need_id, turn.light_need_id) AS need_id,
        extract(epoch FROM turn.since)::float8 AS since,
        extract(epoch FROM turn.reserved_at)::float8 AS reserved_at
      FROM turn JOIN LATERAL (
        SELECT kind, sum(waiting)::bigint AS waiting FROM (
          SELECT kind, count(*) AS waiting FROM (SELECT t.kind FROM tasks_at_turn(turn.id) t LIMIT 2000) AS first
          GROUP BY kind
          UNION ALL
          SELECT r.kind, least(2000, (r.end_item - r.next_item + r.size - 1) / r.size) FROM ranges_at_turn(turn.id) r
        ) AS summed
        GROUP BY kind) AS w ON true
      ORDER BY turn.id, w.kind
      """, parts.map(\.band), parts.map(\.priorities.lowerBound), parts.map(\.priorities.upperBound),
      parts.map(\.waited.lowerBound), parts.map(\.waited.upperBound), Self.jobsInTurn
    ).map { row in
      let (job, kind): (JobID, TaskKind) = (try row.get("id"), try row.name("kind"))
      let room = try row.getIfPresent("at_once", as: Int.self).map { max(0, $0 - (held[job] ?? 0)) } ?? .max
      return Demand(
        job: job, lab: try row.get("lab_id"), user: try row.get("user_id"), priority: try row.get("priority"),
        kind: kind, need: try row.getIfPresent("need_id").flatMap { needs[$0] } ?? .slot,
        waiting: min(room, try row.get("waiting")), companions: try row.get("companions"),
        since: try row.get("since"), reservedAt: try row.getIfPresent("reserved_at"))
    }
  }
}

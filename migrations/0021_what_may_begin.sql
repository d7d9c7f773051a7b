-- Rules that many statements go by, each in one place. The planner puts the functions' bodies into the statements that name
-- them, so these are planned as if the rules were written there (a test looks whether they are).

-- Jobs of which something may begin, if they have not ended: not paused, nor is their lab, their moment has come, and they
-- wait for no other. (Whoever looks for one by its number shall not be led to an index of those that have not ended, as he
-- would be where a plan is made while the table is small.)
CREATE FUNCTION jobs_that_may_begin() RETURNS SETOF jobs LANGUAGE sql STABLE AS $$
  SELECT j.* FROM jobs j
  WHERE j.paused_at IS NULL AND j.waits_for = 0
    AND (j.begins_at IS NULL OR j.begins_at <= now())
    AND NOT EXISTS (SELECT FROM labs l WHERE l.id = j.lab_id AND l.paused_at IS NOT NULL)
$$;

-- The lowest stage of a job that has unfinished tasks, or items of which none have been made: nothing of later ones begins.
-- Tasks of that stage which wait and have no backoff to sit out.
CREATE FUNCTION tasks_at_turn(job bigint) RETURNS SETOF tasks LANGUAGE sql STABLE AS $$
  SELECT t.* FROM tasks t
  WHERE t.job_id = job AND t.finished_at IS NULL AND t.state = 'blocked'
    AND (t.not_before IS NULL OR t.not_before <= now())
    AND t.stage = least((SELECT min(stage) FROM tasks WHERE job_id = job AND finished_at IS NULL),
      (SELECT min(stage) FROM task_ranges WHERE job_id = job))
$$;

-- The range of which the next tasks of a job are made. (OFFSET 0: as a join, entries of all of the job's tasks would be gone
-- through, those that are dead included.)
CREATE FUNCTION ranges_at_turn(job bigint) RETURNS SETOF task_ranges LANGUAGE sql STABLE AS $$
  SELECT r.* FROM task_ranges r
  WHERE r.job_id = job AND NOT r.shut AND r.stage = (SELECT min(stage) FROM task_ranges WHERE job_id = job)
    AND NOT EXISTS (SELECT FROM tasks WHERE job_id = job AND finished_at IS NULL AND stage < r.stage OFFSET 0)
$$;

-- What a task of a kind needs of a worker: those that plan and join need the place, and not the devices.
CREATE FUNCTION need_of(kind text, need integer, light_need integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN kind IN ('plan', 'report') THEN light_need ELSE need END
$$;

-- How many tasks have to run beside one: a learner that learns from answers is of no use without somebody who gives them.
CREATE FUNCTION companions_of(kind text, method text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN kind = 'learn' AND method IS DISTINCT FROM 'sft' THEN 1 ELSE 0 END
$$;

-- A row of charges for attempts at tasks of a kind that have ended: to whom, for what, and at which price. Its columns are
-- those of charges, in their order.
CREATE FUNCTION charge_of(job bigint, kind text, attempts bigint, seconds double precision, succeeded boolean)
RETURNS TABLE (
  lab_id bigint, user_id bigint, job_id bigint, seconds_used double precision, need_id integer, priority integer,
  has_succeeded boolean, task_kind text, attempts_made integer
) LANGUAGE sql STABLE AS $$
  SELECT j.lab_id, j.user_id, j.id, greatest(charge_of.seconds, 0), need_of(charge_of.kind, j.need_id, j.light_need_id),
    j.priority::integer, charge_of.succeeded, charge_of.kind, charge_of.attempts::integer
  FROM jobs j WHERE j.id = charge_of.job
$$;

-- Events with the names of whose they are and who did it, between two numbers. NULL asks for any kind, anybody, any time.
CREATE FUNCTION event_records(of_kind text, by_user text, since double precision, above bigint, below bigint)
RETURNS TABLE (
  id bigint, at double precision, kind text, lab text, job_id bigint, task_id bigint, user_name text, message text,
  lab_id bigint
) LANGUAGE sql STABLE AS $$
  SELECT e.id, extract(epoch FROM e.at)::float8, e.kind, l.name, e.job_id, e.task_id, u.name, e.message, e.lab_id
  FROM events e LEFT JOIN labs l ON l.id = e.lab_id LEFT JOIN users u ON u.id = e.user_id
  WHERE e.id > above AND e.id < below AND (of_kind IS NULL OR e.kind = of_kind) AND (by_user IS NULL OR u.name = by_user)
    AND (event_records.since IS NULL OR e.at >= to_timestamp(event_records.since))
$$;

-- A lab's unfinished jobs; and of those of one user that ask for the same and stand alike, the order in which their turns
-- come. Admission walks along it and stops when it has seen enough, however many there are.
DROP INDEX jobs_unfinished;
CREATE INDEX jobs_unfinished
  ON jobs (lab_id, user_id, kind, coalesce(need_id, 0), (started_at IS NULL), priority, greatest(created_at, begins_at), id)
  WHERE finished_at IS NULL;

-- Claims and completions write as little as they can.
--
-- A claim changes only columns of tasks that no index names, neither as a key nor in its condition: the new version
-- stays on the page of the old one (heap-only) and no index is touched. So what is unfinished is found by finished_at,
-- which only the end of a task sets, and room is left on the pages.

ALTER TABLE tasks ADD CONSTRAINT tasks_finished
  CHECK ((finished_at IS NULL) = (state IN ('blocked', 'ready', 'running')));
DROP INDEX tasks_unfinished, tasks_delayed, tasks_running, tasks_yielding;
-- The lowest unfinished stage of a job, its last task, and what runs anywhere: admission, completions, the reaper.
CREATE INDEX tasks_unfinished ON tasks (job_id, stage, id) WHERE finished_at IS NULL;
-- Backoffs that have run out: the leader's tick.
CREATE INDEX tasks_delayed ON tasks (not_before) WHERE finished_at IS NULL AND not_before IS NOT NULL;
-- Who was asked to give way: the leader's tick.
CREATE INDEX tasks_yielding ON tasks (yield_by) WHERE finished_at IS NULL AND yield_by IS NOT NULL;
ALTER TABLE tasks SET (fillfactor = 60);
ALTER TABLE task_details SET (fillfactor = 70);
-- Every claim would look the session up once a task; it holds the session's row anyway.
ALTER TABLE tasks DROP CONSTRAINT tasks_session_id_fkey;

-- A renewal changes no index either.
DROP INDEX worker_sessions_alive;
CREATE INDEX worker_sessions_alive ON worker_sessions (id) WHERE state = 'alive';
ALTER TABLE worker_sessions SET (fillfactor = 50);
-- A session that is over and holds no lease any more: the reaper need not look for its tasks again.
ALTER TABLE worker_sessions ADD COLUMN vacated boolean NOT NULL DEFAULT false;
UPDATE worker_sessions SET vacated = true WHERE state <> 'alive'
  AND NOT EXISTS (SELECT 1 FROM tasks WHERE session_id = worker_sessions.id AND tasks.state = 'running');
-- When it ended or was declared dead.
ALTER TABLE worker_sessions ADD COLUMN over_at timestamptz;
UPDATE worker_sessions SET over_at = last_seen_at WHERE state <> 'alive';
CREATE INDEX worker_sessions_ended ON worker_sessions (over_at) WHERE over_at IS NOT NULL;
CREATE INDEX worker_sessions_over ON worker_sessions (id) WHERE state <> 'alive' AND NOT vacated;

-- Attempts that ended together are charged together.
ALTER TABLE charges ADD COLUMN attempts integer NOT NULL DEFAULT 1 CHECK (attempts > 0);

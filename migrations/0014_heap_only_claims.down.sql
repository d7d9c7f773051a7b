ALTER TABLE tasks
  DROP CONSTRAINT tasks_state,
  ALTER COLUMN kind TYPE text, ALTER COLUMN state TYPE text, ALTER COLUMN stage TYPE integer,
  ALTER COLUMN attempt TYPE smallint, ALTER COLUMN interruptions TYPE smallint,
  ADD CHECK (kind IN ('learn', 'rollout-group', 'plan', 'shard', 'report')),
  ADD CHECK (state IN ('blocked', 'ready', 'running', 'succeeded', 'failed', 'cancelled')),
  ADD CHECK (stage BETWEEN 0 AND 1000),
  ADD CHECK (attempt >= 0),
  ADD CHECK (interruptions >= 0),
  ADD CONSTRAINT tasks_check CHECK (state <> 'running' OR session_id IS NOT NULL),
  ADD CONSTRAINT tasks_finished CHECK ((finished_at IS NULL) = (state IN ('blocked', 'ready', 'running')));
DROP DOMAIN task_kind, task_state, task_stage, times;
DROP INDEX tasks_ordinal;
CREATE UNIQUE INDEX tasks_ordinal ON tasks (job_id, kind, ordinal) WHERE ordinal IS NOT NULL AND state <> 'succeeded';

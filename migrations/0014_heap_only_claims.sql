-- Claims change no index, and what is written is checked, not whole rows.

-- An ordinal is open once at a time. The index's condition may not name a column that claims change, or each claim makes
-- a new entry in every index of tasks.
DROP INDEX tasks_ordinal;
CREATE UNIQUE INDEX tasks_ordinal ON tasks (job_id, kind, ordinal) WHERE ordinal IS NOT NULL AND finished_at IS NULL;

-- A table's checks are read, prepared and run for every row that changes, whichever columns did; a domain's only for a
-- value that is assigned.
CREATE DOMAIN task_kind AS text CHECK (VALUE IN ('learn', 'rollout-group', 'plan', 'shard', 'report'));
CREATE DOMAIN task_state AS text
  CHECK (VALUE IN ('blocked', 'ready', 'running', 'succeeded', 'failed', 'cancelled'));
CREATE DOMAIN task_stage AS integer CHECK (VALUE BETWEEN 0 AND 1000);
CREATE DOMAIN times AS smallint CHECK (VALUE >= 0);
ALTER TABLE tasks
  DROP CONSTRAINT tasks_kind_check, DROP CONSTRAINT tasks_state_check, DROP CONSTRAINT tasks_stage_check,
  DROP CONSTRAINT tasks_attempt_check, DROP CONSTRAINT tasks_interruptions_check,
  DROP CONSTRAINT tasks_check, DROP CONSTRAINT tasks_finished,
  ALTER COLUMN kind TYPE task_kind, ALTER COLUMN state TYPE task_state, ALTER COLUMN stage TYPE task_stage,
  ALTER COLUMN attempt TYPE times, ALTER COLUMN interruptions TYPE times,
  ADD CONSTRAINT tasks_state CHECK (CASE WHEN finished_at IS NULL
    THEN state IN ('blocked', 'ready') OR (state = 'running' AND session_id IS NOT NULL)
    ELSE state IN ('succeeded', 'failed', 'cancelled') END);

ALTER TABLE charges ALTER COLUMN attempts TYPE integer, ADD CONSTRAINT charges_attempts_check CHECK (attempts > 0);
DROP DOMAIN some_times;
ALTER TABLE tasks ADD CONSTRAINT tasks_state CHECK (CASE WHEN finished_at IS NULL
  THEN state IN ('blocked', 'ready') OR (state = 'running' AND session_id IS NOT NULL)
  ELSE state IN ('succeeded', 'failed', 'cancelled') END);

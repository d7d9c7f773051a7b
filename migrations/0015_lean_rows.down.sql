INSERT INTO log_ends (job_id) SELECT id FROM jobs ON CONFLICT DO NOTHING;
DROP INDEX jobs_by_label;
CREATE INDEX jobs_by_label ON jobs USING gin (labels jsonb_path_ops);
ALTER TABLE rollout_groups ADD FOREIGN KEY (task_id) REFERENCES tasks;
ALTER TABLE artifacts ADD FOREIGN KEY (task_id) REFERENCES tasks;
ALTER TABLE task_details ADD FOREIGN KEY (task_id) REFERENCES tasks;
ALTER TABLE tasks ADD FOREIGN KEY (job_id) REFERENCES jobs;
ALTER TABLE charges ALTER COLUMN attempts TYPE integer, ADD CONSTRAINT charges_attempts_check CHECK (attempts > 0);
DROP DOMAIN some_times;
ALTER TABLE tasks ADD CONSTRAINT tasks_state CHECK (CASE WHEN finished_at IS NULL
  THEN state IN ('blocked', 'ready') OR (state = 'running' AND session_id IS NOT NULL)
  ELSE state IN ('succeeded', 'failed', 'cancelled') END);

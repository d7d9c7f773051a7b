ALTER TABLE jobs
  ALTER COLUMN kind TYPE text, ALTER COLUMN state TYPE text, ALTER COLUMN priority TYPE integer,
  ALTER COLUMN max_attempts TYPE smallint, ALTER COLUMN at_once TYPE integer,
  ALTER COLUMN stall_seconds TYPE double precision, ALTER COLUMN waits_for TYPE integer,
  ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('train', 'eval', 'rollout', 'score')),
  ADD CONSTRAINT jobs_state_check CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  ADD CONSTRAINT jobs_check CHECK ((finished_at IS NULL) = (state IN ('queued', 'running'))),
  ADD CONSTRAINT jobs_priority_check CHECK (priority BETWEEN -100 AND 100),
  ADD CONSTRAINT jobs_max_attempts_check CHECK (max_attempts BETWEEN 1 AND 20),
  ADD CONSTRAINT jobs_at_once_check CHECK (at_once > 0),
  ADD CONSTRAINT jobs_stall_seconds_check CHECK (stall_seconds > 0),
  ADD CONSTRAINT jobs_waits_for_check CHECK (waits_for >= 0);
DROP DOMAIN job_kind, job_state, job_priority, most_attempts, some_seconds, natural_number;

ALTER TABLE ready DROP CONSTRAINT ready_of_job, ADD CONSTRAINT ready_pkey PRIMARY KEY (task_id);
CREATE INDEX ready_of_job ON ready (job_id);
CREATE INDEX tasks_of_job ON tasks (job_id, id);
ALTER TABLE task_details DROP CONSTRAINT task_details_pkey, ADD CONSTRAINT task_details_pkey PRIMARY KEY (task_id),
  DROP COLUMN job_id;

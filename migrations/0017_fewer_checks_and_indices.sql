-- What every submission and every end of a task paid for, and nobody needed.

-- One index less on tasks, and one less on ready. What is kept of a task besides its row is found by its job and number,
-- and so are all tasks of a job: the key of this table changes with nothing, while tasks_of_job took an entry with every
-- end of a task.
ALTER TABLE task_details ADD COLUMN job_id bigint;
UPDATE task_details d SET job_id = t.job_id FROM tasks t WHERE t.id = d.task_id;
ALTER TABLE task_details ALTER COLUMN job_id SET NOT NULL,
  DROP CONSTRAINT task_details_pkey, ADD CONSTRAINT task_details_pkey PRIMARY KEY (job_id, task_id);
DROP INDEX tasks_of_job;
-- What is ready of a job, and each of its tasks once.
DROP INDEX ready_of_job;
ALTER TABLE ready DROP CONSTRAINT ready_pkey, ADD CONSTRAINT ready_of_job PRIMARY KEY (job_id, task_id);

-- Checks of jobs are read, prepared and run for every statement that makes or changes some, whichever columns it sets; a
-- domain's only for a value that is assigned. That a job's state agrees with its end is seen to where states change, and
-- `ar1 doctor` looks whether it does for those that have not ended.
CREATE DOMAIN job_kind AS text CHECK (VALUE IN ('train', 'eval', 'rollout', 'score'));
CREATE DOMAIN job_state AS text CHECK (VALUE IN ('queued', 'running', 'succeeded', 'failed', 'cancelled'));
CREATE DOMAIN job_priority AS integer CHECK (VALUE BETWEEN -100 AND 100);
CREATE DOMAIN most_attempts AS smallint CHECK (VALUE BETWEEN 1 AND 20);
CREATE DOMAIN some_seconds AS double precision CHECK (VALUE > 0);
CREATE DOMAIN natural_number AS integer CHECK (VALUE >= 0);
ALTER TABLE jobs
  DROP CONSTRAINT jobs_kind_check, DROP CONSTRAINT jobs_state_check, DROP CONSTRAINT jobs_check,
  DROP CONSTRAINT jobs_priority_check, DROP CONSTRAINT jobs_max_attempts_check, DROP CONSTRAINT jobs_at_once_check,
  DROP CONSTRAINT jobs_stall_seconds_check, DROP CONSTRAINT jobs_waits_for_check,
  ALTER COLUMN kind TYPE job_kind, ALTER COLUMN state TYPE job_state, ALTER COLUMN priority TYPE job_priority,
  ALTER COLUMN max_attempts TYPE most_attempts, ALTER COLUMN at_once TYPE some_times,
  ALTER COLUMN stall_seconds TYPE some_seconds, ALTER COLUMN waits_for TYPE natural_number;

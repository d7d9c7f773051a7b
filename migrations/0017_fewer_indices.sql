-- One index less on tasks, and one less on ready: each takes an entry with every task that is made or ends.

-- What is kept of a task besides its row is found by its job and number, and so are all tasks of a job: the key of this
-- table changes with nothing, while tasks_of_job took an entry with every end of a task.
ALTER TABLE task_details ADD COLUMN job_id bigint;
UPDATE task_details d SET job_id = t.job_id FROM tasks t WHERE t.id = d.task_id;
ALTER TABLE task_details ALTER COLUMN job_id SET NOT NULL,
  DROP CONSTRAINT task_details_pkey, ADD CONSTRAINT task_details_pkey PRIMARY KEY (job_id, task_id);
DROP INDEX tasks_of_job;

-- What is ready of a job, and each of its tasks once.
DROP INDEX ready_of_job;
ALTER TABLE ready DROP CONSTRAINT ready_pkey, ADD CONSTRAINT ready_of_job PRIMARY KEY (job_id, task_id);

ALTER TABLE ready DROP CONSTRAINT ready_of_job, ADD CONSTRAINT ready_pkey PRIMARY KEY (task_id);
CREATE INDEX ready_of_job ON ready (job_id);
CREATE INDEX tasks_of_job ON tasks (job_id, id);
ALTER TABLE task_details DROP CONSTRAINT task_details_pkey, ADD CONSTRAINT task_details_pkey PRIMARY KEY (task_id),
  DROP COLUMN job_id;

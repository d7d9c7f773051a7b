-- Jobs of very many items: their tasks are made as workers come for them, so that submitting one costs a row.

CREATE TABLE task_ranges (
  job_id bigint NOT NULL REFERENCES jobs,
  -- Items no task has been made of yet: from next_item up to, without, end_item. A range that is used up is deleted.
  next_item bigint NOT NULL CHECK (next_item >= 0),
  end_item bigint NOT NULL CHECK (end_item > next_item),
  -- Items of a task.
  size bigint NOT NULL CHECK (size > 0),
  -- Tasks made so far.
  made bigint NOT NULL DEFAULT 0,
  stage integer NOT NULL CHECK (stage BETWEEN 0 AND 1000),
  -- Its job is over; a retry opens it again.
  shut boolean NOT NULL DEFAULT false,
  kind text NOT NULL CHECK (kind IN ('shard')),
  -- What the items are, where the job's progress counts them.
  unit text,
  PRIMARY KEY (job_id, stage)
);
-- Ranges of which nothing is ready: idle workers and the leader's tick.
CREATE INDEX task_ranges_open ON task_ranges (job_id) WHERE NOT shut;

-- Whoever claims it lets the next tasks of its range be made.
ALTER TABLE ready ADD COLUMN extends boolean NOT NULL DEFAULT false;
-- Ready rows are only ever made of tasks, in the same statement.
ALTER TABLE ready DROP CONSTRAINT ready_task_id_fkey, DROP CONSTRAINT ready_job_id_fkey,
  DROP CONSTRAINT ready_need_id_fkey;

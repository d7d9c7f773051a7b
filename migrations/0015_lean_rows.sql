-- What every submission, claim and completion paid for, and nobody needed.

-- Checks on whole rows, on the tables that every claim and completion changes: read, prepared and run for each of their
-- statements they took a twelfth of its time. That a task's state agrees with its other columns is seen to where states
-- change, and `ar1 doctor` looks whether it does for those that have not ended.
ALTER TABLE tasks DROP CONSTRAINT tasks_state;
CREATE DOMAIN some_times AS integer CHECK (VALUE > 0);
ALTER TABLE charges DROP CONSTRAINT charges_attempts_check, ALTER COLUMN attempts TYPE some_times;

-- References to and from tasks: each is a query for every row that is inserted, and a trigger for every one that changes.
-- A task and its details come with their job in one statement, what a task leaves behind is written under its lease, and
-- no job or task is ever deleted.
ALTER TABLE tasks DROP CONSTRAINT tasks_job_id_fkey;
ALTER TABLE task_details DROP CONSTRAINT task_details_task_id_fkey;
ALTER TABLE artifacts DROP CONSTRAINT artifacts_task_id_fkey;
ALTER TABLE rollout_groups DROP CONSTRAINT rollout_groups_task_id_fkey;

-- Most jobs have no labels, and each made an entry that says so.
DROP INDEX jobs_by_label;
CREATE INDEX jobs_by_label ON jobs USING gin (labels jsonb_path_ops) WHERE labels <> '{}';

-- A job's log has an end once it has a line: the row is made with the first one.

-- What is left of checks on whole rows, on the tables that every claim and completion changes: read, prepared and run for
-- each of their statements they took a twelfth of its time. That a task's state agrees with its other columns is seen to
-- where states change, and `ar1 doctor` looks whether it does.
ALTER TABLE tasks DROP CONSTRAINT tasks_state;
CREATE DOMAIN some_times AS integer CHECK (VALUE > 0);
ALTER TABLE charges DROP CONSTRAINT charges_attempts_check, ALTER COLUMN attempts TYPE some_times;

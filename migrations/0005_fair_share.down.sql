DROP TABLE admission, task_lengths, usage_days, decayed_usage, charges, quotas, job_dependencies;
ALTER TABLE worker_sessions DROP COLUMN draining;
ALTER TABLE ready ALTER COLUMN rank TYPE integer USING greatest(least(rank, 2147483647), -2147483648)::integer;
ALTER TABLE ready DROP COLUMN need_id;
ALTER TABLE tasks DROP COLUMN yield_by;
ALTER TABLE jobs DROP COLUMN labels, DROP COLUMN waits_for, DROP COLUMN paused_at, DROP COLUMN preemptions,
  DROP COLUMN reserved_at, DROP COLUMN light_need_id, DROP COLUMN need_id;
DROP TABLE resource_needs;

ALTER TABLE jobs DROP COLUMN cron_done, DROP COLUMN cron, DROP COLUMN unique_key, DROP COLUMN at_once,
  DROP COLUMN stall_seconds, DROP COLUMN deadline_at;
ALTER TABLE tasks DROP COLUMN memory_failures;

ALTER TABLE jobs DROP COLUMN begins_at, DROP COLUMN cron_ended;

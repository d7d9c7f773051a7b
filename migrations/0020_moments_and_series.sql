-- When jobs begin, and where series of repeating jobs end.

-- Before when nothing of it begins; NULL where it may begin at once. It waits from then on.
ALTER TABLE jobs ADD COLUMN begins_at timestamptz;
UPDATE jobs SET begins_at = t.not_before FROM tasks t
WHERE t.finished_at IS NULL AND t.not_before > now() AND jobs.id = t.job_id AND jobs.started_at IS NULL;

-- No job follows it, though it repeats: its series ended with it. A retry begins the series anew.
ALTER TABLE jobs ADD COLUMN cron_ended boolean NOT NULL DEFAULT false;

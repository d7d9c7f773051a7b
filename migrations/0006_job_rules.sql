-- Rules a job carries: when it must be done, what counts as a standstill, how much of it runs at once, how it repeats.

-- Out-of-memory failures so far: the executor works on less at once.
ALTER TABLE tasks ADD COLUMN memory_failures smallint NOT NULL DEFAULT 0;

ALTER TABLE jobs ADD COLUMN deadline_at timestamptz;
ALTER TABLE jobs ADD COLUMN stall_seconds double precision CHECK (stall_seconds > 0);
ALTER TABLE jobs ADD COLUMN at_once integer CHECK (at_once > 0);
ALTER TABLE jobs ADD COLUMN unique_key text;
ALTER TABLE jobs ADD COLUMN cron text;
-- Its successor has been submitted, or there will be none.
ALTER TABLE jobs ADD COLUMN cron_done boolean NOT NULL DEFAULT false;

-- The leader's tick looks for what is late, stands still, or repeats.
CREATE INDEX jobs_deadline ON jobs (deadline_at) WHERE finished_at IS NULL AND deadline_at IS NOT NULL;
CREATE INDEX jobs_watched ON jobs (id) WHERE finished_at IS NULL AND stall_seconds IS NOT NULL;
CREATE INDEX jobs_repeating ON jobs (id) WHERE cron IS NOT NULL AND NOT cron_done;
-- One unfinished job of a lab per key.
CREATE UNIQUE INDEX jobs_unique ON jobs (lab_id, unique_key) WHERE finished_at IS NULL AND unique_key IS NOT NULL;

-- Which model a job needs in memory, which ones workers hold, and what is too much at once for a model on a device.

ALTER TABLE jobs ADD COLUMN checkpoint text;
UPDATE jobs SET checkpoint = spec ->> 'model' WHERE finished_at IS NULL;

-- Halvings of what is worked on at once, learnt by one task for all of its job, and since when.
ALTER TABLE jobs ADD COLUMN memory_failures smallint NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN memory_learnt_at timestamptz;

-- What jobs of a kind have learnt with a model on a kind of device, for those that come later.
CREATE TABLE memory_lessons (
  learnt_at timestamptz NOT NULL,
  failures smallint NOT NULL,
  checkpoint text NOT NULL,
  device text NOT NULL CHECK (device IN ('cpu', 'cuda')),
  kind text NOT NULL CHECK (kind IN ('train', 'eval', 'rollout', 'score')),
  PRIMARY KEY (checkpoint, device, kind)
);

-- What a worker has in memory, as its last heartbeat said.
ALTER TABLE worker_sessions ADD COLUMN loaded text[] NOT NULL DEFAULT '{}';

-- Since when a task can be claimed: workers that hold what it needs are waited for, but not for long.
ALTER TABLE ready ADD COLUMN since timestamptz NOT NULL DEFAULT now();

-- Groups of a version too old for every step to come are marked and kept; their ordinals can be answered anew.

-- The last recorded step when the group had become too old.
ALTER TABLE rollout_groups ADD COLUMN stale_after integer;
ALTER TABLE rollout_groups ADD CHECK (stale_after IS NULL OR consumed_step IS NULL);

-- An ordinal has one group that can be, or was, learnt from.
ALTER TABLE rollout_groups DROP CONSTRAINT rollout_groups_pkey;
CREATE UNIQUE INDEX rollout_groups_ordinal ON rollout_groups (run_id, ordinal) WHERE stale_after IS NULL;
CREATE INDEX rollout_groups_stale ON rollout_groups (run_id, ordinal) WHERE stale_after IS NOT NULL;
-- What waits to be learnt from, the oldest version first.
CREATE INDEX rollout_groups_waiting ON rollout_groups (run_id, behaviour_version)
  WHERE consumed_step IS NULL AND stale_after IS NULL;

-- An ordinal is open once at a time.
DROP INDEX tasks_ordinal;
CREATE UNIQUE INDEX tasks_ordinal ON tasks (job_id, kind, ordinal) WHERE ordinal IS NOT NULL AND state <> 'succeeded';

-- Without marks an ordinal has one group and one task: the ones that were learnt from, or the newest.
DELETE FROM rollout_groups WHERE stale_after IS NOT NULL;
DROP INDEX rollout_groups_waiting, rollout_groups_stale, rollout_groups_ordinal;
ALTER TABLE rollout_groups DROP COLUMN stale_after;
ALTER TABLE rollout_groups ADD PRIMARY KEY (run_id, ordinal);
DROP INDEX tasks_ordinal;
UPDATE tasks old SET ordinal = NULL WHERE ordinal IS NOT NULL AND EXISTS (SELECT 1 FROM tasks new
  WHERE new.job_id = old.job_id AND new.kind = old.kind AND new.ordinal = old.ordinal AND new.id > old.id);
CREATE UNIQUE INDEX tasks_ordinal ON tasks (job_id, kind, ordinal) WHERE ordinal IS NOT NULL;

ALTER TABLE ready DROP COLUMN since;
ALTER TABLE worker_sessions DROP COLUMN loaded;
DROP TABLE memory_lessons;
ALTER TABLE jobs DROP COLUMN memory_learnt_at, DROP COLUMN memory_failures, DROP COLUMN checkpoint;

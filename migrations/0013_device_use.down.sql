ALTER TABLE worker_sessions DROP COLUMN devices;

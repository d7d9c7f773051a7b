-- How much a worker's GPUs are used, as its last heartbeat said; NULL for one that says nothing of it.
ALTER TABLE worker_sessions ADD COLUMN devices json;

DROP TRIGGER events_to_webhooks ON events;
DROP FUNCTION queue_webhooks;
DROP TABLE webhook_deliveries, webhooks;
DROP INDEX jobs_finished;

ALTER TABLE events RENAME TO events_parts;
ALTER SEQUENCE events_id_seq RENAME TO events_parts_id_seq;
ALTER INDEX events_pkey RENAME TO events_parts_pkey;
DROP INDEX events_of_job, events_of_lab;
CREATE TABLE events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  lab_id bigint,
  job_id bigint,
  task_id bigint,
  user_id bigint,
  kind text NOT NULL,
  message text NOT NULL
);
CREATE INDEX events_of_job ON events (job_id, id);
CREATE INDEX events_of_lab ON events (lab_id, id DESC);
INSERT INTO events OVERRIDING SYSTEM VALUE
  SELECT id, at, lab_id, job_id, task_id, user_id, kind, message FROM events_parts;
SELECT setval(pg_get_serial_sequence('events', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM events), false);

ALTER TABLE logs RENAME TO logs_parts;
ALTER INDEX logs_pkey RENAME TO logs_parts_pkey;
CREATE TABLE logs (
  job_id bigint NOT NULL REFERENCES jobs,
  sequence bigint NOT NULL,
  task_id bigint NOT NULL,
  lease_epoch bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  stream text NOT NULL CHECK (stream IN ('log', 'output', 'error')),
  line text NOT NULL,
  PRIMARY KEY (job_id, sequence)
);
INSERT INTO logs SELECT job_id, sequence, task_id, lease_epoch, at, stream, line FROM logs_parts;
DROP TABLE events_parts, logs_parts;
DROP FUNCTION make_history_partitions, drop_history_partitions;

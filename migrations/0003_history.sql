-- History by month, so that old months can be dropped at once; and what tells others of what happens.

-- Makes the partitions of events and logs for all months from the present one to that of `until`.
--
-- A partition is made apart and then attached: attaching does not wait for readers and writers of the whole.
CREATE FUNCTION make_history_partitions(until timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  whole text;
  month timestamptz;
  next_month timestamptz;
  name text;
  made integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(4701120952);
  FOREACH whole IN ARRAY ARRAY['events', 'logs'] LOOP
    month := date_trunc('month', now(), 'UTC');
    WHILE month <= until LOOP
      next_month := (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';
      name := whole || to_char(month AT TIME ZONE 'UTC', '_YYYY_MM');
      IF to_regclass(name) IS NULL THEN
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)',
          name, whole);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
          whole, name, month, next_month);
        made := made + 1;
      END IF;
      month := next_month;
    END LOOP;
  END LOOP;
  RETURN made;
END $$;

-- Drops the partitions of a table whose months ended before `keep_from`.
CREATE FUNCTION drop_history_partitions(whole text, keep_from timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  name text;
  dropped integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(4701120952);
  FOR name IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = whole::regclass
      AND to_timestamp(right(c.relname, 7), 'YYYY_MM')::timestamp + interval '1 month'
        <= keep_from AT TIME ZONE 'UTC'
  LOOP
    EXECUTE format('DROP TABLE %I', name);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END $$;

ALTER TABLE events RENAME TO events_whole;
ALTER SEQUENCE events_id_seq RENAME TO events_whole_id_seq;
ALTER INDEX events_pkey RENAME TO events_whole_pkey;
DROP INDEX events_of_job, events_of_lab;
CREATE TABLE events (
  id bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL DEFAULT now(),
  lab_id bigint,
  job_id bigint,
  task_id bigint,
  user_id bigint,
  kind text NOT NULL,
  message text NOT NULL,
  PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
-- A job's history.
CREATE INDEX events_of_job ON events (job_id, id);
-- A lab's history, newest first.
CREATE INDEX events_of_lab ON events (lab_id, id DESC);

ALTER TABLE logs RENAME TO logs_whole;
ALTER INDEX logs_pkey RENAME TO logs_whole_pkey;
CREATE TABLE logs (
  job_id bigint NOT NULL REFERENCES jobs,
  sequence bigint NOT NULL,
  task_id bigint NOT NULL,
  lease_epoch bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  stream text NOT NULL CHECK (stream IN ('log', 'output', 'error')),
  line text NOT NULL,
  -- log_ends numbers the lines; the time is here because a partition's key must hold it.
  PRIMARY KEY (job_id, sequence, at)
) PARTITION BY RANGE (at);

-- What is older than the present month goes into the partition of the month before it.
DO $$
DECLARE
  start timestamptz := date_trunc('month', now(), 'UTC');
  suffix text := to_char((start AT TIME ZONE 'UTC') - interval '1 month', '_YYYY_MM');
  whole text;
BEGIN
  FOREACH whole IN ARRAY ARRAY['events', 'logs'] LOOP
    EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (MINVALUE) TO (%L)', whole || suffix, whole, start);
  END LOOP;
END $$;
SELECT make_history_partitions(now() + interval '2 months');
INSERT INTO events OVERRIDING SYSTEM VALUE
  SELECT id, at, lab_id, job_id, task_id, user_id, kind, message FROM events_whole;
SELECT setval(pg_get_serial_sequence('events', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM events_whole), false);
INSERT INTO logs SELECT job_id, sequence, task_id, lease_epoch, at, stream, line FROM logs_whole;
DROP TABLE events_whole, logs_whole;

-- A month's report.
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;

-- Whom a lab wants told of its events. The secret signs what is sent, so it is kept as it is.
CREATE TABLE webhooks (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  lab_id bigint NOT NULL REFERENCES labs,
  created_at timestamptz NOT NULL DEFAULT now(),
  delivered_at timestamptz,
  failed_at timestamptz,
  delivered bigint NOT NULL DEFAULT 0,
  given_up bigint NOT NULL DEFAULT 0,
  url text NOT NULL CHECK (length(url) <= 2000),
  secret text NOT NULL,
  last_error text,
  -- NULL is every event of a job.
  kinds text[]
);
CREATE INDEX webhooks_of_lab ON webhooks (lab_id, id DESC);

-- The outbox: a row for each event that a webhook has not taken yet, made in the event's own transaction.
CREATE TABLE webhook_deliveries (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  webhook_id bigint NOT NULL REFERENCES webhooks ON DELETE CASCADE,
  event_id bigint NOT NULL,
  event_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  due_at timestamptz NOT NULL DEFAULT now(),
  attempts integer NOT NULL DEFAULT 0
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (due_at);
CREATE INDEX webhook_deliveries_of_webhook ON webhook_deliveries (webhook_id);

CREATE FUNCTION queue_webhooks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO webhook_deliveries (webhook_id, event_id, event_at)
  SELECT w.id, e.id, e.at FROM new_events e JOIN webhooks w ON w.lab_id = e.lab_id
  WHERE CASE WHEN w.kinds IS NULL THEN e.job_id IS NOT NULL ELSE e.kind = ANY (w.kinds) END;
  RETURN NULL;
END $$;
CREATE TRIGGER events_to_webhooks AFTER INSERT ON events REFERENCING NEW TABLE AS new_events
  FOR EACH STATEMENT EXECUTE FUNCTION queue_webhooks();

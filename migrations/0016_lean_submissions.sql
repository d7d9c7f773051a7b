-- What every submission paid for, and nobody needed: a quarter of its statement.

-- References: each is a query for every row that is inserted. Who submits has shown a token, which names its user and lab;
-- what a job needs is stored before it; and no lab, user or set of needs is ever deleted.
ALTER TABLE jobs
  DROP CONSTRAINT jobs_lab_id_fkey, DROP CONSTRAINT jobs_user_id_fkey,
  DROP CONSTRAINT jobs_need_id_fkey, DROP CONSTRAINT jobs_light_need_id_fkey;

-- Checks: of whole rows they are read, prepared and run for each statement; a domain's only for a value that is assigned.
-- That a job's state agrees with its end is seen to where states change, and `ar1 doctor` looks whether it does. (The
-- priority keeps its check: coordinators of the version before write it in a way that no domain takes.)
CREATE DOMAIN job_kind AS text CHECK (VALUE IN ('train', 'eval', 'rollout', 'score'));
CREATE DOMAIN job_state AS text CHECK (VALUE IN ('queued', 'running', 'succeeded', 'failed', 'cancelled'));
CREATE DOMAIN allowed_attempts AS smallint CHECK (VALUE BETWEEN 1 AND 20);
CREATE DOMAIN jobs_waited_for AS integer CHECK (VALUE >= 0);
CREATE DOMAIN some_seconds AS double precision CHECK (VALUE > 0);
ALTER TABLE jobs
  DROP CONSTRAINT jobs_kind_check, DROP CONSTRAINT jobs_state_check, DROP CONSTRAINT jobs_max_attempts_check,
  DROP CONSTRAINT jobs_waits_for_check, DROP CONSTRAINT jobs_stall_seconds_check, DROP CONSTRAINT jobs_at_once_check,
  DROP CONSTRAINT jobs_check,
  ALTER COLUMN kind TYPE job_kind, ALTER COLUMN state TYPE job_state,
  ALTER COLUMN max_attempts TYPE allowed_attempts, ALTER COLUMN waits_for TYPE jobs_waited_for,
  ALTER COLUMN stall_seconds TYPE some_seconds, ALTER COLUMN at_once TYPE some_times;

-- Most queues have no webhooks, and each event began a statement for them.
CREATE OR REPLACE FUNCTION queue_webhooks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM webhooks) THEN
    INSERT INTO webhook_deliveries (webhook_id, event_id, event_at)
    SELECT w.id, e.id, e.at FROM new_events e JOIN webhooks w ON w.lab_id = e.lab_id
    WHERE CASE WHEN w.kinds IS NULL THEN e.job_id IS NOT NULL ELSE e.kind = ANY (w.kinds) END;
  END IF;
  RETURN NULL;
END $$;

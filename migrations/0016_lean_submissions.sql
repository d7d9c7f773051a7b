-- What every submission paid for, and nobody needed.

-- References: each is a query for every row that is inserted. Who submits has shown a token, which names its user and lab;
-- what a job needs is stored before it; and no lab, user or set of needs is ever deleted.
ALTER TABLE jobs
  DROP CONSTRAINT jobs_lab_id_fkey, DROP CONSTRAINT jobs_user_id_fkey,
  DROP CONSTRAINT jobs_need_id_fkey, DROP CONSTRAINT jobs_light_need_id_fkey;

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

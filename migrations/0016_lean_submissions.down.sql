CREATE OR REPLACE FUNCTION queue_webhooks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO webhook_deliveries (webhook_id, event_id, event_at)
  SELECT w.id, e.id, e.at FROM new_events e JOIN webhooks w ON w.lab_id = e.lab_id
  WHERE CASE WHEN w.kinds IS NULL THEN e.job_id IS NOT NULL ELSE e.kind = ANY (w.kinds) END;
  RETURN NULL;
END $$;
ALTER TABLE jobs
  ALTER COLUMN kind TYPE text, ALTER COLUMN state TYPE text,
  ALTER COLUMN max_attempts TYPE smallint, ALTER COLUMN waits_for TYPE integer,
  ALTER COLUMN stall_seconds TYPE double precision, ALTER COLUMN at_once TYPE integer,
  ADD CHECK (kind IN ('train', 'eval', 'rollout', 'score')),
  ADD CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  ADD CHECK (max_attempts BETWEEN 1 AND 20),
  ADD CHECK (waits_for >= 0),
  ADD CHECK (stall_seconds > 0),
  ADD CHECK (at_once > 0),
  ADD CONSTRAINT jobs_check CHECK ((finished_at IS NULL) = (state IN ('queued', 'running')));
DROP DOMAIN job_kind, job_state, allowed_attempts, jobs_waited_for, some_seconds;
ALTER TABLE jobs
  ADD FOREIGN KEY (lab_id) REFERENCES labs, ADD FOREIGN KEY (user_id) REFERENCES users,
  ADD FOREIGN KEY (need_id) REFERENCES resource_needs, ADD FOREIGN KEY (light_need_id) REFERENCES resource_needs;

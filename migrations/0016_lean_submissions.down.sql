CREATE OR REPLACE FUNCTION queue_webhooks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO webhook_deliveries (webhook_id, event_id, event_at)
  SELECT w.id, e.id, e.at FROM new_events e JOIN webhooks w ON w.lab_id = e.lab_id
  WHERE CASE WHEN w.kinds IS NULL THEN e.job_id IS NOT NULL ELSE e.kind = ANY (w.kinds) END;
  RETURN NULL;
END $$;
ALTER TABLE jobs
  ADD FOREIGN KEY (lab_id) REFERENCES labs, ADD FOREIGN KEY (user_id) REFERENCES users,
  ADD FOREIGN KEY (need_id) REFERENCES resource_needs, ADD FOREIGN KEY (light_need_id) REFERENCES resource_needs;

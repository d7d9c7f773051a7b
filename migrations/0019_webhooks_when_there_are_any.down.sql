DROP TRIGGER webhooks_hold_events ON webhooks;
DROP TRIGGER webhooks_get_events ON webhooks;
DROP FUNCTION hold_events, hand_events_to_webhooks;
ALTER TABLE events ENABLE TRIGGER events_to_webhooks;
CREATE OR REPLACE FUNCTION queue_webhooks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM webhooks) THEN
    INSERT INTO webhook_deliveries (webhook_id, event_id, event_at)
    SELECT w.id, e.id, e.at FROM new_events e JOIN webhooks w ON w.lab_id = e.lab_id
    WHERE CASE WHEN w.kinds IS NULL THEN e.job_id IS NOT NULL ELSE e.kind = ANY (w.kinds) END;
  END IF;
  RETURN NULL;
END $$;

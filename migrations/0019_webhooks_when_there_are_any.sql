-- Most queues have no webhooks, and yet every statement that noted events kept them for a trigger that looked for some: a
-- twentieth of a submission. Events are now handed to it only while there are webhooks.
--
-- A webhook's own transaction waits for those that are noting events before it touches webhooks, which they look at, and
-- holds the others up until its end: from then on no event goes by unseen. Of two such transactions the second sees what
-- the first has done. (ONLY: whoever notes an event does so through this table.)
CREATE FUNCTION hold_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  LOCK TABLE ONLY events IN SHARE ROW EXCLUSIVE MODE;
  RETURN NULL;
END $$;
CREATE FUNCTION hand_events_to_webhooks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM webhooks) THEN
    ALTER TABLE events ENABLE TRIGGER events_to_webhooks;
  ELSE
    ALTER TABLE events DISABLE TRIGGER events_to_webhooks;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER webhooks_hold_events BEFORE INSERT OR DELETE OR TRUNCATE ON webhooks
  FOR EACH STATEMENT EXECUTE FUNCTION hold_events();
CREATE TRIGGER webhooks_get_events AFTER INSERT OR DELETE OR TRUNCATE ON webhooks
  FOR EACH STATEMENT EXECUTE FUNCTION hand_events_to_webhooks();
DO $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM webhooks) THEN
    ALTER TABLE events DISABLE TRIGGER events_to_webhooks;
  END IF;
END $$;
CREATE OR REPLACE FUNCTION queue_webhooks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO webhook_deliveries (webhook_id, event_id, event_at)
  SELECT w.id, e.id, e.at FROM new_events e JOIN webhooks w ON w.lab_id = e.lab_id
  WHERE CASE WHEN w.kinds IS NULL THEN e.job_id IS NOT NULL ELSE e.kind = ANY (w.kinds) END;
  RETURN NULL;
END $$;

-- Labs that pause, and a ledger of everything that attempts have used, by kind of job.

-- While this is set nothing of the lab begins; what runs goes on.
ALTER TABLE labs ADD COLUMN paused_at timestamptz;

-- Unit-seconds of all attempts, neither weighted nor decayed: budgets and bills go by it.
CREATE TABLE usage_ledger (
  lab_id bigint NOT NULL REFERENCES labs,
  user_id bigint NOT NULL REFERENCES users,
  unit_seconds double precision NOT NULL,
  attempts bigint NOT NULL,
  day date NOT NULL,
  device text NOT NULL CHECK (device IN ('cpu', 'cuda')),
  -- '' where it was booked before kinds were.
  kind text NOT NULL CHECK (kind IN ('train', 'eval', 'rollout', 'score', '')),
  PRIMARY KEY (lab_id, day, user_id, device, kind)
);
INSERT INTO usage_ledger (lab_id, user_id, unit_seconds, attempts, day, device, kind)
  SELECT lab_id, user_id, unit_seconds, attempts, day, device, '' FROM usage_days;

-- Programs from before this migration go on booking in usage_days until they are started anew; what they book arrives
-- in the ledger too.
CREATE FUNCTION carry_into_usage_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO usage_ledger AS l (lab_id, user_id, unit_seconds, attempts, day, device, kind)
  VALUES (NEW.lab_id, NEW.user_id,
    NEW.unit_seconds - CASE WHEN TG_OP = 'UPDATE' THEN OLD.unit_seconds ELSE 0 END,
    NEW.attempts - CASE WHEN TG_OP = 'UPDATE' THEN OLD.attempts ELSE 0 END, NEW.day, NEW.device, '')
  ON CONFLICT (lab_id, day, user_id, device, kind) DO UPDATE SET
    unit_seconds = l.unit_seconds + excluded.unit_seconds, attempts = l.attempts + excluded.attempts;
  RETURN NULL;
END $$;
CREATE TRIGGER usage_days_to_ledger AFTER INSERT OR UPDATE ON usage_days
  FOR EACH ROW EXECUTE FUNCTION carry_into_usage_ledger();

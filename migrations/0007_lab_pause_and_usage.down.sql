DROP TRIGGER usage_days_to_ledger ON usage_days;
DROP FUNCTION carry_into_usage_ledger;
INSERT INTO usage_days AS u (lab_id, user_id, unit_seconds, attempts, day, device)
  SELECT lab_id, user_id, sum(unit_seconds), sum(attempts), day, device FROM usage_ledger
  GROUP BY lab_id, user_id, day, device
  ON CONFLICT (lab_id, day, user_id, device) DO UPDATE SET
    unit_seconds = excluded.unit_seconds, attempts = excluded.attempts;
DROP TABLE usage_ledger;
ALTER TABLE labs DROP COLUMN paused_at;

-- What running the queue over years needs.

-- Since when leaders have renewed without a gap: after an outage nobody was heard, so silence counts from then.
ALTER TABLE leader ADD COLUMN renewed_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE leader ADD COLUMN steady_since timestamptz NOT NULL DEFAULT now();

-- What a restore has to bring back, by path.
CREATE INDEX artifacts_by_path ON artifacts (path, id DESC);

-- The token that took this one's place: one that ends for this reason is nobody's loss.
ALTER TABLE tokens ADD COLUMN successor_id bigint REFERENCES tokens;

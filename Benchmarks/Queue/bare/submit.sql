-- One job, straight into ready: one commit.
WITH made AS (INSERT INTO job (kind, payload) VALUES ('noop', '{}') RETURNING id)
INSERT INTO ready SELECT 0, id, 1, 1024 FROM made;

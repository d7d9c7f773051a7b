-- Labs that can be closed, users with roles, tokens with scopes, and an audit log that can be asked.

ALTER TABLE labs ADD COLUMN closed_at timestamptz;

-- The most that a user's tokens may do.
ALTER TABLE users ADD COLUMN role text NOT NULL DEFAULT 'member'
  CHECK (role IN ('admin', 'owner', 'member', 'viewer', 'worker'));
ALTER TABLE users ALTER COLUMN role DROP DEFAULT;
ALTER TABLE users ADD COLUMN disabled_at timestamptz;

ALTER TABLE tokens DROP CONSTRAINT tokens_role_check;
ALTER TABLE tokens ADD CONSTRAINT tokens_role_check
  CHECK (role IN ('admin', 'owner', 'member', 'viewer', 'worker'));
ALTER TABLE tokens ADD COLUMN last_used_at timestamptz;
-- Fewer than the role's; NULL is all of them.
ALTER TABLE tokens ADD COLUMN scopes text[]
  CHECK (scopes <@ ARRAY['read', 'submit', 'manage', 'administer', 'work', 'metrics']);
ALTER TABLE tokens ADD COLUMN note text NOT NULL DEFAULT '';

-- Until now a user was what her tokens said. Whoever had workers' tokens beside others gets a second user for them.
INSERT INTO users (lab_id, name, role)
SELECT u.lab_id, left(u.name, 110) || ' (worker)', 'worker' FROM users u
WHERE EXISTS (SELECT 1 FROM tokens t WHERE t.user_id = u.id AND t.role = 'worker')
  AND EXISTS (SELECT 1 FROM tokens t WHERE t.user_id = u.id AND t.role <> 'worker');
UPDATE tokens SET user_id = w.id FROM users u JOIN users w
  ON w.lab_id = u.lab_id AND w.name = left(u.name, 110) || ' (worker)' AND w.role = 'worker'
WHERE tokens.user_id = u.id AND tokens.role = 'worker' AND u.id <> w.id;
UPDATE users SET role = (
  SELECT t.role FROM tokens t WHERE t.user_id = users.id
  ORDER BY array_position(ARRAY['admin', 'member', 'viewer', 'worker'], t.role) LIMIT 1)
WHERE EXISTS (SELECT 1 FROM tokens t WHERE t.user_id = users.id);

-- A lab's users and a user's tokens, newest first.
CREATE INDEX users_of_lab ON users (lab_id, id DESC);
CREATE INDEX tokens_of_user ON tokens (user_id, id DESC);

-- Where the job's paths must lie, as the coordinator that took it said; NULL allows every path.
ALTER TABLE jobs ADD COLUMN confinement json;
-- A lab's unfinished jobs.
CREATE INDEX jobs_unfinished ON jobs (lab_id, id) WHERE finished_at IS NULL;

-- A lab's history, newest first.
CREATE INDEX events_of_lab ON events (lab_id, id DESC);

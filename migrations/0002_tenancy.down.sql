DROP INDEX events_of_lab, jobs_unfinished, tokens_of_user, users_of_lab;
ALTER TABLE jobs DROP COLUMN confinement;
UPDATE tokens SET role = 'member' WHERE role = 'owner';
ALTER TABLE tokens DROP CONSTRAINT tokens_role_check;
ALTER TABLE tokens ADD CONSTRAINT tokens_role_check CHECK (role IN ('admin', 'member', 'viewer', 'worker'));
ALTER TABLE tokens DROP COLUMN note, DROP COLUMN scopes, DROP COLUMN last_used_at;
ALTER TABLE users DROP COLUMN disabled_at, DROP COLUMN role;
ALTER TABLE labs DROP COLUMN closed_at;

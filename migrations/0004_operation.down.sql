ALTER TABLE tokens DROP COLUMN successor_id;
DROP INDEX artifacts_by_path;
ALTER TABLE leader DROP COLUMN steady_since, DROP COLUMN renewed_at;

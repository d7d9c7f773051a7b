DROP INDEX jobs_unfinished;
CREATE INDEX jobs_unfinished ON jobs (lab_id, id) WHERE finished_at IS NULL;
DROP FUNCTION event_records(text, text, double precision, bigint, bigint);
DROP FUNCTION charge_of(bigint, text, bigint, double precision, boolean);
DROP FUNCTION companions_of(text, text);
DROP FUNCTION need_of(text, integer, integer);
DROP FUNCTION ranges_at_turn(bigint);
DROP FUNCTION tasks_at_turn(bigint);
DROP FUNCTION jobs_that_may_begin();

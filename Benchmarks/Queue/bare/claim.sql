-- Claim up to :n under the worker's locked row, raising epochs, then complete them fenced by epoch: two commits.
WITH me AS MATERIALIZED (
  SELECT id FROM worker WHERE id = :client_id AND alive FOR SHARE
), picked AS MATERIALIZED (
  SELECT ctid AS place, job_id FROM ready
  WHERE gpus <= 8 AND memory_mb <= 80000 AND EXISTS (SELECT FROM me)
  ORDER BY rank, job_id LIMIT :n FOR UPDATE SKIP LOCKED
), taken AS (
  DELETE FROM ready WHERE ctid = ANY (ARRAY(SELECT place FROM picked))
), claimed AS (
  UPDATE job SET state = 'running', attempt = attempt + 1, lease_epoch = lease_epoch + 1, worker_id = :client_id,
    deadline = now() + interval '60 s'
  WHERE id = ANY (ARRAY(SELECT job_id FROM picked)) RETURNING id, lease_epoch
)
SELECT coalesce(array_agg(id), '{}') AS ids, coalesce(array_agg(lease_epoch), '{}') AS epochs FROM claimed \gset
UPDATE job SET state = 'done', finished_at = now()
FROM unnest(:ids::bigint[], :epochs::bigint[]) AS given (id, epoch)
WHERE job.id = given.id AND job.lease_epoch = given.epoch AND job.state = 'running' RETURNING job.id;

ALTER TABLE ready ADD CONSTRAINT ready_task_id_fkey FOREIGN KEY (task_id) REFERENCES tasks,
  ADD CONSTRAINT ready_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs,
  ADD CONSTRAINT ready_need_id_fkey FOREIGN KEY (need_id) REFERENCES resource_needs;
ALTER TABLE ready DROP COLUMN extends;
-- What is left of open ranges becomes tasks that wait.
WITH part AS (
  SELECT nextval(pg_get_serial_sequence('tasks', 'id')) AS id, r.*, made + n - 1 AS index,
    next_item + (n - 1) * size AS first, least(end_item, next_item + n * size) AS after
  FROM task_ranges r, generate_series(1, (end_item - next_item + size - 1) / size) AS n
), made AS (
  INSERT INTO tasks (id, job_id, kind, stage, state, finished_at) OVERRIDING SYSTEM VALUE
  SELECT id, job_id, kind, stage, CASE WHEN shut THEN 'cancelled' ELSE 'blocked' END,
    CASE WHEN shut THEN now() END FROM part
)
INSERT INTO task_details (task_id, payload, progress_done, progress_total, progress_unit)
SELECT id, json_build_object('index', index, 'from', first, 'to', after),
  CASE WHEN unit IS NOT NULL THEN 0 END, CASE WHEN unit IS NOT NULL THEN after - first END, unit FROM part;
DROP TABLE task_ranges;

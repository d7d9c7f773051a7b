-- The least that the design needs: a wide row per job, a narrow table of what is ready, worker sessions.
CREATE TABLE worker (
  id bigint PRIMARY KEY,
  alive boolean NOT NULL DEFAULT true
);

-- No index on a column that a claim or a completion changes, and room on each page: both updates stay heap-only.
CREATE TABLE job (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  lease_epoch bigint NOT NULL DEFAULT 0,
  worker_id bigint,
  deadline timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  attempt integer NOT NULL DEFAULT 0,
  kind text NOT NULL,
  state text NOT NULL DEFAULT 'queued',
  payload jsonb NOT NULL
) WITH (fillfactor = 60);

CREATE TABLE ready (
  rank bigint NOT NULL,
  job_id bigint NOT NULL,
  gpus smallint NOT NULL,
  memory_mb integer NOT NULL,
  PRIMARY KEY (rank, job_id)
);

INSERT INTO worker (id) SELECT generate_series(0, 255);

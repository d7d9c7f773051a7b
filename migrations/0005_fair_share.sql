-- What tasks need, what labs may use, what was used, and the state of admission.

-- The distinct needs of all jobs: few rows, named by number where it matters that rows are narrow.
CREATE TABLE resource_needs (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  gpus integer NOT NULL,
  cores integer NOT NULL,
  gpu_memory bigint NOT NULL,
  memory bigint NOT NULL,
  device text CHECK (device IN ('cpu', 'cuda')),
  labels jsonb NOT NULL,
  request json NOT NULL
);
CREATE UNIQUE INDEX resource_needs_once
  ON resource_needs (gpus, cores, gpu_memory, memory, (coalesce(device, '')), labels);

-- Needs of the tasks that carry the work, and of those that plan and join; NULL is a slot.
ALTER TABLE jobs ADD COLUMN need_id integer REFERENCES resource_needs;
ALTER TABLE jobs ADD COLUMN light_need_id integer REFERENCES resource_needs;
-- Since when capacity is kept for it as it frees.
ALTER TABLE jobs ADD COLUMN reserved_at timestamptz;
ALTER TABLE jobs ADD COLUMN preemptions integer NOT NULL DEFAULT 0;
-- Nothing of it is admitted while this is set.
ALTER TABLE jobs ADD COLUMN paused_at timestamptz;
-- Jobs it depends on that have not succeeded yet.
ALTER TABLE jobs ADD COLUMN waits_for integer NOT NULL DEFAULT 0 CHECK (waits_for >= 0);
ALTER TABLE jobs ADD COLUMN labels jsonb NOT NULL DEFAULT '{}';

CREATE INDEX jobs_reserved ON jobs (id) WHERE reserved_at IS NOT NULL;
-- A lab's jobs with a label.
CREATE INDEX jobs_by_label ON jobs USING gin (labels jsonb_path_ops);

-- A job runs after those it depends on; these are always older, so locks are taken in the order of ids.
CREATE TABLE job_dependencies (
  job_id bigint NOT NULL REFERENCES jobs,
  on_job_id bigint NOT NULL REFERENCES jobs,
  PRIMARY KEY (job_id, on_job_id),
  CHECK (on_job_id < job_id)
);
-- Who waits for a job.
CREATE INDEX job_dependents ON job_dependencies (on_job_id, job_id);

-- A running task that was asked to give way has until then to save its work.
ALTER TABLE tasks ADD COLUMN yield_by timestamptz;
CREATE INDEX tasks_yielding ON tasks (yield_by) WHERE state = 'running' AND yield_by IS NOT NULL;

ALTER TABLE ready ADD COLUMN need_id integer REFERENCES resource_needs;
ALTER TABLE ready ALTER COLUMN rank TYPE bigint;

-- A draining worker finishes what it has and gets nothing more.
ALTER TABLE worker_sessions ADD COLUMN draining boolean NOT NULL DEFAULT false;

-- In units of the device: slots of CPUs, devices of GPUs. A lab without a row has weight 1 and no limits.
CREATE TABLE quotas (
  lab_id bigint NOT NULL REFERENCES labs,
  weight double precision NOT NULL DEFAULT 1 CHECK (weight > 0),
  nominal double precision NOT NULL DEFAULT 0 CHECK (nominal >= 0),
  borrow double precision CHECK (borrow >= 0),
  lend double precision CHECK (lend >= 0),
  budget_hours double precision CHECK (budget_hours >= 0),
  max_running integer CHECK (max_running >= 0),
  device text NOT NULL CHECK (device IN ('cpu', 'cuda')),
  PRIMARY KEY (lab_id, device)
);

-- What ended attempts have used, until the leader has booked it. No completion waits for a row that others change.
CREATE TABLE charges (
  lab_id bigint NOT NULL,
  user_id bigint NOT NULL,
  job_id bigint NOT NULL,
  seconds double precision NOT NULL,
  need_id integer,
  priority integer NOT NULL,
  succeeded boolean NOT NULL,
  kind text NOT NULL
);

-- Weighted unit-seconds; the amount has decayed until `at`.
CREATE TABLE decayed_usage (
  lab_id bigint NOT NULL REFERENCES labs,
  user_id bigint NOT NULL REFERENCES users,
  amount double precision NOT NULL,
  at timestamptz NOT NULL,
  device text NOT NULL CHECK (device IN ('cpu', 'cuda')),
  PRIMARY KEY (lab_id, user_id, device)
);

-- What was used, for budgets and bills: unit-seconds, neither weighted nor decayed.
CREATE TABLE usage_days (
  lab_id bigint NOT NULL REFERENCES labs,
  user_id bigint NOT NULL REFERENCES users,
  unit_seconds double precision NOT NULL,
  attempts bigint NOT NULL,
  day date NOT NULL,
  device text NOT NULL CHECK (device IN ('cpu', 'cuda')),
  PRIMARY KEY (lab_id, day, user_id, device)
);

-- How long a job's tasks have taken, for forecasts.
CREATE TABLE task_lengths (
  job_id bigint NOT NULL REFERENCES jobs,
  finished bigint NOT NULL,
  seconds double precision NOT NULL,
  kind text NOT NULL,
  PRIMARY KEY (job_id, kind)
);

-- One row. While `contended` is false whoever makes a task admits it; while it is true the leader decides who is next.
CREATE TABLE admission (
  id integer PRIMARY KEY CHECK (id = 1),
  next_rank bigint NOT NULL DEFAULT 1000,
  booked_at timestamptz NOT NULL DEFAULT now(),
  -- Attempts that ended per second, lately.
  turnover double precision NOT NULL DEFAULT 0,
  contended boolean NOT NULL DEFAULT false
);
INSERT INTO admission (id) VALUES (1);

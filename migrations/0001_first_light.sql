-- The queue's first schema.
--
-- Columns stand widest first (8 bytes, 4, 2, then texts), so that rows carry no padding; keys lead.
-- Times are the database's. Nothing is ever updated by a client's clock.

-- Who -----------------------------------------------------------------------------------------------------

CREATE TABLE labs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now(),
  name text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 120)
);

CREATE TABLE users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  lab_id bigint NOT NULL REFERENCES labs,
  created_at timestamptz NOT NULL DEFAULT now(),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  UNIQUE (lab_id, name)
);

-- A token is stored as its SHA-256 only; it is random enough (256 bits) to need no salt.
CREATE TABLE tokens (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id bigint NOT NULL REFERENCES users,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
  role text NOT NULL CHECK (role IN ('admin', 'member', 'viewer', 'worker'))
);

-- Workers -------------------------------------------------------------------------------------------------

-- One row per start of a worker process. The id comes from here, so no two processes ever share one.
CREATE TABLE worker_sessions (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  token_id bigint NOT NULL REFERENCES tokens,
  started_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  process integer NOT NULL,
  slots integer NOT NULL CHECK (slots BETWEEN 1 AND 10000),
  state text NOT NULL DEFAULT 'alive' CHECK (state IN ('alive', 'dead', 'ended')),
  name text NOT NULL,
  host text NOT NULL,
  version text NOT NULL,
  kinds text[] NOT NULL,
  inventory json NOT NULL
);

-- The reaper looks for silent sessions.
CREATE INDEX worker_sessions_alive ON worker_sessions (last_seen_at) WHERE state = 'alive';

-- Jobs and tasks ------------------------------------------------------------------------------------------

CREATE TABLE jobs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  lab_id bigint NOT NULL REFERENCES labs,
  user_id bigint NOT NULL REFERENCES users,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz,
  priority integer NOT NULL CHECK (priority BETWEEN -100 AND 100),
  max_attempts smallint NOT NULL CHECK (max_attempts BETWEEN 1 AND 20),
  kind text NOT NULL CHECK (kind IN ('train', 'eval', 'rollout', 'score')),
  state text NOT NULL DEFAULT 'queued'
    CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  name text NOT NULL,
  idempotency_key text,
  failure_class text,
  failure_message text,
  failure_detail text,
  spec json NOT NULL,
  CHECK ((finished_at IS NULL) = (state IN ('queued', 'running')))
);

-- A lab's jobs, newest first.
CREATE INDEX jobs_of_lab ON jobs (lab_id, id DESC);
-- A repeated submission finds its job.
CREATE UNIQUE INDEX jobs_idempotency ON jobs (lab_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- The hot row: what claims and completions touch, and nothing else.
CREATE TABLE tasks (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_id bigint NOT NULL REFERENCES jobs,
  -- Rises with every claim and every loss of a lease; never falls, never resets; fences every write.
  lease_epoch bigint NOT NULL DEFAULT 0,
  -- The session that holds the lease, or held it last.
  session_id bigint REFERENCES worker_sessions,
  ordinal bigint,
  not_before timestamptz,
  claimed_at timestamptz,
  finished_at timestamptz,
  stage integer NOT NULL CHECK (stage BETWEEN 0 AND 1000),
  -- Attempts begun that count; an interruption gives its attempt back.
  attempt smallint NOT NULL DEFAULT 0 CHECK (attempt >= 0),
  interruptions smallint NOT NULL DEFAULT 0 CHECK (interruptions >= 0),
  kind text NOT NULL CHECK (kind IN ('learn', 'rollout-group', 'plan', 'shard', 'report')),
  state text NOT NULL DEFAULT 'blocked'
    CHECK (state IN ('blocked', 'ready', 'running', 'succeeded', 'failed', 'cancelled')),
  CHECK (state <> 'running' OR session_id IS NOT NULL)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

-- All tasks of a job, for `show` and for counting.
CREATE INDEX tasks_of_job ON tasks (job_id, id);
-- The lowest unfinished stage of a job, and whether anything is left: admission and the job's state.
CREATE INDEX tasks_unfinished ON tasks (job_id, stage) WHERE state IN ('blocked', 'ready', 'running');
-- Backoffs that have run out: the leader's tick.
CREATE INDEX tasks_delayed ON tasks (not_before) WHERE state = 'blocked' AND not_before IS NOT NULL;
-- What a session runs: the reaper and the list of workers.
CREATE INDEX tasks_running ON tasks (session_id) WHERE state = 'running';
-- An ordinal is opened once per job and kind.
CREATE UNIQUE INDEX tasks_ordinal ON tasks (job_id, kind, ordinal) WHERE ordinal IS NOT NULL;

-- What is read or written once per task, or shown to people.
CREATE TABLE task_details (
  task_id bigint PRIMARY KEY REFERENCES tasks,
  progress_at timestamptz,
  progress_done double precision,
  progress_total double precision,
  progress_unit text,
  progress_message text,
  progress_metrics json,
  failure_class text,
  failure_message text,
  failure_detail text,
  payload json NOT NULL,
  result json
);

-- Admitted tasks: claims take rows out of here and scan nothing else.
CREATE TABLE ready (
  task_id bigint PRIMARY KEY REFERENCES tasks,
  job_id bigint NOT NULL REFERENCES jobs,
  -- Lower goes first.
  rank integer NOT NULL,
  kind text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

-- The order of claims: rank, then the older job.
CREATE INDEX ready_order ON ready (rank, job_id, task_id);
-- Cancelling a job withdraws what it has waiting.
CREATE INDEX ready_of_job ON ready (job_id);

-- What tasks leave behind ---------------------------------------------------------------------------------

-- The last log sequence of a job. Its row lock makes sequences visible in order, so that a reader who asks for
-- what follows the last line seen misses none.
CREATE TABLE log_ends (
  job_id bigint PRIMARY KEY REFERENCES jobs,
  last_sequence bigint NOT NULL DEFAULT 0
);

CREATE TABLE logs (
  job_id bigint NOT NULL REFERENCES jobs,
  sequence bigint NOT NULL,
  task_id bigint NOT NULL,
  lease_epoch bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  stream text NOT NULL CHECK (stream IN ('log', 'output', 'error')),
  line text NOT NULL,
  PRIMARY KEY (job_id, sequence)
);

-- The manifest: a file counts only when it is here, and it gets here only under a live lease.
CREATE TABLE artifacts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_id bigint NOT NULL REFERENCES jobs,
  task_id bigint NOT NULL REFERENCES tasks,
  lease_epoch bigint NOT NULL,
  bytes bigint NOT NULL CHECK (bytes >= 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  kind text NOT NULL,
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  path text NOT NULL,
  UNIQUE (task_id, path)
);

-- A job's files.
CREATE INDEX artifacts_of_job ON artifacts (job_id, id);

-- The rollout ledger --------------------------------------------------------------------------------------

-- A group is generated at least once and stored once: the first to commit wins.
CREATE TABLE rollout_groups (
  run_id bigint NOT NULL REFERENCES jobs,
  ordinal bigint NOT NULL CHECK (ordinal >= 0),
  task_id bigint NOT NULL REFERENCES tasks,
  lease_epoch bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  behaviour_version integer NOT NULL CHECK (behaviour_version >= 0),
  -- The step that learnt from it.
  consumed_step integer,
  -- Answers laid end to end; lengths cut them apart. Seeds are 64-bit patterns.
  lengths integer[] NOT NULL,
  tokens integer[] NOT NULL,
  log_probabilities real[] NOT NULL,
  rewards double precision[] NOT NULL,
  seeds bigint[] NOT NULL,
  finishes text[] NOT NULL,
  parts json NOT NULL,
  prompt json NOT NULL,
  PRIMARY KEY (run_id, ordinal),
  CHECK (cardinality(rewards) = cardinality(lengths)),
  CHECK (cardinality(tokens) = cardinality(log_probabilities))
);

CREATE TABLE policy_versions (
  run_id bigint NOT NULL REFERENCES jobs,
  created_at timestamptz NOT NULL DEFAULT now(),
  lease_epoch bigint NOT NULL,
  number integer NOT NULL CHECK (number >= 0),
  parent integer CHECK (parent < number),
  kind text NOT NULL CHECK (kind IN ('full', 'difference')),
  sha256 text NOT NULL,
  path text NOT NULL,
  PRIMARY KEY (run_id, number)
);

CREATE TABLE learner_steps (
  run_id bigint NOT NULL REFERENCES jobs,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  lease_epoch bigint NOT NULL,
  step integer NOT NULL CHECK (step >= 1),
  input_version integer NOT NULL,
  output_version integer NOT NULL,
  -- In the order of use.
  ordinals bigint[] NOT NULL,
  metrics json NOT NULL,
  PRIMARY KEY (run_id, step)
);

-- What happened, for people and for audits ----------------------------------------------------------------

CREATE TABLE events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  lab_id bigint,
  job_id bigint,
  task_id bigint,
  user_id bigint,
  kind text NOT NULL,
  message text NOT NULL
);

-- A job's history.
CREATE INDEX events_of_job ON events (job_id, id);

-- The leader's lease: at most one row. The term rises with every change of leader.
CREATE TABLE leader (
  id integer PRIMARY KEY CHECK (id = 1),
  term bigint NOT NULL,
  expires_at timestamptz NOT NULL,
  holder text NOT NULL
);

DROP TABLE leader, events, learner_steps, policy_versions, rollout_groups, artifacts, logs, log_ends, ready,
  task_details, tasks, jobs, worker_sessions, tokens, users, labs;

import JobModel
import OrderedJSON
import PostgresClient

extension Session {
  /// Stores a group unless its ordinal has one that is not stale: the first to commit wins. (Index
  /// rollout_groups_ordinal.)
  /// - Throws: when it is a group of another run than the task's.
  func insertGroup(_ group: RolloutGroup, task: FencedTask) throws {
    guard group.run == task.job else {
      throw StoreError.invalid("a group of run \(group.run) cannot come from a task of job \(task.job)")
    }
    let answers = group.completions
    try execute(
      """
      INSERT INTO rollout_groups (run_id, ordinal, task_id, lease_epoch, behaviour_version, lengths, tokens,
        log_probabilities, rewards, seeds, finishes, parts, prompt)
      VALUES ($1, $2, $3, $4, $5, $6::int[], $7::int[], $8::real[], $9::float8[], $10::bigint[], $11::text[],
        $12::json, $13::json)
      ON CONFLICT (run_id, ordinal) WHERE stale_after IS NULL DO NOTHING
      """, group.run, group.ordinal, task.id, task.epoch, group.behaviourVersion,
      answers.map(\.tokens.count), answers.flatMap(\.tokens), answers.flatMap(\.logProbabilities),
      answers.map(\.reward), answers.map { Int64(bitPattern: $0.seed) }, answers.map(\.finish.rawValue),
      try StoredJSON.text(answers.map(\.parts)), try StoredJSON.text(group.prompt))
  }

  /// Committed groups of a range of ordinals, but for stale ones. (Index rollout_groups_ordinal.)
  func groups(of run: JobID, from: Int64, through: Int64) throws -> [RolloutGroup] {
    try execute(
      """
      SELECT ordinal, behaviour_version, consumed_step, lengths, tokens, log_probabilities, rewards, seeds,
        finishes, parts, prompt
      FROM rollout_groups
      WHERE run_id = $1 AND ordinal BETWEEN $2 AND $3 AND stale_after IS NULL ORDER BY ordinal
      """, run, from, through
    ).map { row in try Self.group(row, run: run) }
  }

  /// Groups of some ordinals, in the order given. (Index rollout_groups_ordinal.)
  func groups(of run: JobID, _ ordinals: [Int64]) throws -> [RolloutGroup] {
    let found = try execute(
      """
      SELECT ordinal, behaviour_version, consumed_step, lengths, tokens, log_probabilities, rewards, seeds,
        finishes, parts, prompt
      FROM rollout_groups WHERE run_id = $1 AND ordinal = ANY($2::bigint[]) AND stale_after IS NULL
      """, run, ordinals
    ).map { row in try Self.group(row, run: run) }
    let byOrdinal = Dictionary(uniqueKeysWithValues: found.map { ($0.ordinal, $0) })
    return ordinals.compactMap { byOrdinal[$0] }
  }

  private static func group(_ row: Rows.Row, run: JobID) throws -> RolloutGroup {
    let lengths: [Int] = try row.get("lengths")
    let tokens: [Int] = try row.get("tokens")
    let logProbabilities: [Float] = try row.get("log_probabilities")
    let rewards: [Double] = try row.get("rewards")
    let seeds: [Int64] = try row.get("seeds")
    let finishes: [String] = try row.get("finishes")
    let parts: [[String: Double]] = try row.json("parts")
    let ordinal: Int64 = try row.get("ordinal")
    guard seeds.count == lengths.count, finishes.count == lengths.count, parts.count == lengths.count,
      rewards.count == lengths.count, tokens.count == lengths.reduce(0, +)
    else { throw PostgresError(.decoding, "group \(ordinal) of run \(run) does not fit its lengths") }
    var start = 0
    var completions: [RolloutCompletion] = []
    for (index, length) in lengths.enumerated() {
      guard let finish = RolloutCompletion.Finish(rawValue: finishes[index]) else {
        throw PostgresError(.decoding, "'\(finishes[index])' is no way to finish")
      }
      completions.append(
        RolloutCompletion(
          tokens: Array(tokens[start..<start + length]),
          logProbabilities: Array(logProbabilities[start..<start + length]), reward: rewards[index],
          parts: parts[index], finish: finish, seed: UInt64(bitPattern: seeds[index])))
      start += length
    }
    return RolloutGroup(
      run: run, ordinal: ordinal, behaviourVersion: try row.get("behaviour_version"),
      prompt: try row.json("prompt"), completions: completions,
      consumedStep: try row.getIfPresent("consumed_step"))
  }

  /// Marks groups as consumed by a step: those that exist, are new enough and unused.
  /// - Returns: how many could be marked; fewer than asked for means that the step must not be recorded.
  func consume(_ ordinals: [Int64], run: JobID, step: Int, oldestVersion: Int) throws -> Int {
    try execute(
      """
      UPDATE rollout_groups SET consumed_step = $3
      WHERE run_id = $1 AND ordinal = ANY($2::bigint[]) AND consumed_step IS NULL AND stale_after IS NULL
        AND behaviour_version >= $4
      """, run, ordinals, step, oldestVersion
    ).affected
  }

  /// (Primary key of policy_versions.)
  /// - Returns: false when the number exists with other content.
  func insertVersion(_ version: PolicyVersion, run: JobID, epoch: Epoch) throws -> Bool {
    let new = try execute(
      """
      INSERT INTO policy_versions (run_id, lease_epoch, number, parent, kind, sha256, path)
      VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (run_id, number) DO NOTHING
      """, run, epoch, version.number, version.parent, version.kind.rawValue, version.sha256, version.path
    ).affected
    if new == 1 { return true }
    return try execute(
      "SELECT 1 FROM policy_versions WHERE run_id = $1 AND number = $2 AND sha256 = $3", run,
      version.number, version.sha256
    ).count == 1
  }

  func versions(of run: JobID) throws -> [PolicyVersion] {
    try execute(
      "SELECT number, parent, kind, sha256, path FROM policy_versions WHERE run_id = $1 ORDER BY number", run
    ).map { row in
      PolicyVersion(
        number: try row.get("number"), path: try row.get("path"), sha256: try row.get("sha256"),
        kind: try row.name("kind"), parent: try row.getIfPresent("parent"))
    }
  }

  /// (Primary key of learner_steps.)
  func insertStep(_ step: StepRecord, run: JobID, epoch: Epoch) throws {
    try execute(
      """
      INSERT INTO learner_steps (run_id, lease_epoch, step, input_version, output_version, ordinals, metrics)
      VALUES ($1, $2, $3, $4, $5, $6::bigint[], $7::json)
      """, run, epoch, step.step, step.inputVersion, step.outputVersion, step.ordinals,
      try StoredJSON.text(step.metrics))
  }

  /// The last recorded step, or the step a fork starts from, or 0. (Primary keys of learner_steps and jobs.)
  func lastStep(of run: JobID) throws -> Int {
    try execute(
      """
      SELECT coalesce((SELECT max(step) FROM learner_steps WHERE run_id = $1),
        (SELECT (spec -> 'fork' ->> 'step')::integer FROM jobs WHERE id = $1), 0) AS step
      """, run
    ).only().get("step")
  }

  func steps(of run: JobID, after step: Int) throws -> [StepRecord] {
    try execute(
      """
      SELECT step, input_version, output_version, ordinals, metrics,
        extract(epoch FROM recorded_at)::float8 AS recorded_at
      FROM learner_steps WHERE run_id = $1 AND step > $2 ORDER BY step
      """, run, step
    ).map { row in
      StepRecord(
        step: try row.get("step"), ordinals: try row.get("ordinals"),
        inputVersion: try row.get("input_version"), outputVersion: try row.get("output_version"),
        metrics: try row.json("metrics"), recordedAt: try row.get("recorded_at"))
    }
  }
}

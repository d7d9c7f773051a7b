internal import FoundationEssentials
public import JobModel
internal import OrderedJSON
public import WorkerRuntime

/// Groups of answers with rewards, written to `groups.jsonl` without learning: plan, shards, report.
public struct RolloutJobExecutor: WorkerRuntime.TaskExecutor {
  private let host: ModelHost

  public init(host: ModelHost) {
    self.host = host
  }

  public var jobKinds: [JobKind] { [.rollout] }
  public var kinds: [TaskKind] { [.plan, .shard, .report] }
  public var loadedCheckpoints: [String] { host.loadedCheckpoints }
  public func letGo(ofDevice device: Int) async { await host.letGo(ofDevice: device) }

  public func run(_ task: ClaimedTask, context: TaskContext) async throws -> TaskOutcome {
    guard case .rollout(let settings) = task.spec.settings else {
      throw TaskError(.userError, "a rollout task of a job that is none")
    }
    switch task.kind {
    case .plan:
      let sampler = try GroupSampler(rollout: settings)
      let shards = ShardRange.shards(of: settings.count, size: settings.shardSize)
      context.log("\(settings.count) prompts from \(sampler.stream.count) questions in \(shards) shards")
      return ShardRange.plan(
        .object([.init("prompts", .integer(settings.count)), .init("shards", .integer(shards))]),
        count: settings.count, size: settings.shardSize)
    case .shard: return try await shard(settings, try ShardRange(task.payload), context)
    default: return try await report(settings, context)
    }
  }

  private func shard(
    _ settings: RolloutSettings, _ range: ShardRange, _ context: TaskContext
  ) async throws -> TaskOutcome {
    let task = context.task
    let total = Double(range.items.count)
    let (groups, faulty) = try await host.withModel(folder: settings.model, for: context) {
      loaded in
      let sampler = try GroupSampler(rollout: settings)
      return try FaultyItems.work(
        on: range.items, look: { try sampler.look(at: $0, with: loaded.prompts) }
      ) { ordinals in
        try sampler.groups(
          of: ordinals, run: task.job, version: 0, with: loaded, halvings: task.memoryFailures,
          drawn: { tokens in
            context.progress(
              TaskProgress(
                done: 0, total: total, unit: "prompts",
                message: "token \(tokens) of at most \(settings.maxNewTokens)"))
          }, isCancelled: { context.isCancelled })
      }
    }
    context.progress(TaskProgress(done: total, total: total, unit: "prompts"))
    try context.checkCancellation()
    for fault in faulty { context.log("prompt \(fault.item) is set aside: \(fault.reason)", stream: .error) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let lines = try groups.map { try JSON(parsing: [UInt8](try encoder.encode($0))) }
    let artifact = try EpochFile.write(
      lines: lines, folder: "\(settings.output)/shards/job-\(task.job)", name: range.fileName,
      kind: ArtifactKind.shard, lease: task.lease)
    return TaskOutcome(
      result: .object([.init("groups", .integer(groups.count)), QuarantinedItem.member(faulty)]),
      artifacts: [artifact])
  }

  private func report(_ settings: RolloutSettings, _ context: TaskContext) async throws -> TaskOutcome {
    let lines = try await ShardRange.lines(of: context)
    let aside = try await ShardRange.quarantined(of: context)
    guard lines.count + aside.count == settings.count else {
      throw TaskError(
        .transient,
        "the shards hold \(lines.count) groups instead of \(settings.count), \(aside.count) are set aside")
    }
    if let first = aside.first, lines.isEmpty {
      throw TaskError(.userError, "none of the \(aside.count) prompts can be answered: \(first.reason)")
    }
    if !aside.isEmpty {
      context.log("\(aside.count) prompts are set aside and have no group", stream: .error)
    }
    let rewards = lines.flatMap { $0["completions"]?.array ?? [] }.compactMap { $0["reward"]?.double }
    let text = lines.map { $0.serialized() }.joined(separator: "\n") + "\n"
    let path = settings.output + "/groups.jsonl"
    let artifact = try EpochFile.write(
      bytes: Array(text.utf8), path: path, kind: ArtifactKind.report, epoch: context.task.epoch)
    let mean = rewards.isEmpty ? 0 : rewards.reduce(0, +) / Double(rewards.count)
    return TaskOutcome(
      result: .object([
        .init("groups", .integer(lines.count)), .init("answers", .integer(rewards.count)),
        .init("reward_mean", .number(mean)), .init("set_aside", .integer(aside.count)),
        .init("file", .string(path)),
      ]), artifacts: [artifact])
  }
}

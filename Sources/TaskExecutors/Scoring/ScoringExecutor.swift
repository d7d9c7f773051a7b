internal import FoundationEssentials
public import JobModel
internal import OrderedJSON
public import WorkerRuntime

/// Inspection of a folder of images: plan (list them), shards (ask about each), report (`results.jsonl`, `run.json`).
public struct ScoringExecutor: WorkerRuntime.TaskExecutor {
  private let host: ModelHost
  /// Images that decode together.
  private let batch = 32

  public init(host: ModelHost) {
    self.host = host
  }

  public var jobKinds: [JobKind] { [.score] }
  public var kinds: [TaskKind] { [.plan, .shard, .report] }

  public func run(_ task: ClaimedTask, context: TaskContext) async throws -> TaskOutcome {
    guard case .score(let settings) = task.spec.settings else {
      throw TaskError(.userError, "a scoring task of a job that is none")
    }
    switch task.kind {
    case .plan: return try plan(settings, context)
    case .shard: return try await shard(settings, try ShardRange(task.payload), context)
    default: return try await report(settings, context)
    }
  }

  /// The list is written down once, so that every shard and every retry sees the same images.
  private func plan(_ settings: ScoreSettings, _ context: TaskContext) throws -> TaskOutcome {
    let paths = try ImageFolder.list(settings.images)
    guard !paths.isEmpty else {
      throw TaskError(.userError, "\(settings.images) holds no .png, .jpg or .jpeg file")
    }
    let list = try EpochFile.write(
      lines: paths.map { .string($0) }, folder: "\(settings.output)/shards/job-\(context.task.job)",
      name: "images",
      kind: ArtifactKind.input, lease: context.task.lease)
    let ranges = ShardRange.slices(of: paths.count, size: settings.shardSize)
    context.log("\(paths.count) images in \(ranges.count) shards")
    return TaskOutcome(
      result: .object([.init("images", .integer(paths.count)), .init("shards", .integer(ranges.count))]),
      spawn: ShardRange.tasks(for: ranges), artifacts: [list])
  }

  private func shard(
    _ settings: ScoreSettings, _ range: ShardRange, _ context: TaskContext
  ) async throws -> TaskOutcome {
    let paths = try await Self.paths(context)
    guard range.items.upperBound <= paths.count else {
      throw TaskError(
        .transient, "the image list holds \(paths.count) images, shard \(range.index) asks for more")
    }
    let scorer = try ImageScorer(settings)
    let batch = batch
    let rows = try await host.withModel(folder: settings.model) { loaded -> [JSON] in
      var rows: [JSON] = []
      for start in stride(from: range.items.lowerBound, to: range.items.upperBound, by: batch) {
        try context.checkCancellation()
        let end = min(start + batch, range.items.upperBound)
        rows += try scorer.rows(of: paths[start..<end], with: loaded, isCancelled: { context.isCancelled })
          .map(\.json)
        context.progress(
          TaskProgress(done: Double(rows.count), total: Double(range.items.count), unit: "images"))
      }
      return rows
    }
    try context.checkCancellation()
    let artifact = try EpochFile.write(
      lines: rows, folder: "\(settings.output)/shards/job-\(context.task.job)", name: range.fileName,
      kind: ArtifactKind.shard, lease: context.task.lease)
    return TaskOutcome(result: .object([.init("images", .integer(rows.count))]), artifacts: [artifact])
  }

  private func report(_ settings: ScoreSettings, _ context: TaskContext) async throws -> TaskOutcome {
    let paths = try await Self.paths(context)
    let rows = try await ShardRange.lines(of: context)
    guard rows.compactMap({ $0["path"]?.string }) == paths else {
      throw TaskError(
        .transient, "the shards hold \(rows.count) rows that are not the \(paths.count) listed images")
    }
    let failed = rows.count { $0["error"]?.string != nil }
    let defective = rows.count { $0["decision"]?.string == ScoreRow.Decision.defect.rawValue }
    let unclear = rows.count { $0["decision"]?.string == ScoreRow.Decision.unclear.rawValue }
    let summary = JSON.object([
      .init("job", .integer(Int(context.task.job))), .init("images", .integer(rows.count)),
      .init("defective", .integer(defective)),
      .init("good", .integer(rows.count - defective - unclear - failed)),
      .init("unclear", .integer(unclear)), .init("failed", .integer(failed)),
      .init("model", .string(settings.model)),
      .init("model_sha256", .string(try ModelIdentity.hash(folder: settings.model))),
      .init("source", .string(settings.images)),
      .init("reference", settings.reference.map { .string($0) } ?? .null),
      .init("protocol", .string(settings.promptProtocol.rawValue)), .init("seed", .integer(settings.seed)),
    ])
    let lines = rows.map { $0.serialized() }.joined(separator: "\n") + "\n"
    let artifacts = try [("results.jsonl", lines), ("run.json", summary.serialized(pretty: true) + "\n")].map
    {
      try EpochFile.write(
        bytes: Array($0.1.utf8), path: settings.output + "/" + $0.0, kind: ArtifactKind.report,
        epoch: context.task.epoch)
    }
    context.log(
      "\(rows.count) images: \(defective) defective, \(rows.count - defective - unclear - failed) good, "
        + "\(unclear) unclear, \(failed) unreadable")
    return TaskOutcome(result: summary, artifacts: artifacts)
  }

  private static func paths(_ context: TaskContext) async throws -> [String] {
    let lists = try await context.artifacts().filter { $0.kind == ArtifactKind.input }
    guard let list = lists.max(by: { $0.epoch < $1.epoch }) else {
      throw TaskError(.transient, "the job's image list is not announced")
    }
    return try EpochFile.read(list).compactMap(\.string)
  }
}

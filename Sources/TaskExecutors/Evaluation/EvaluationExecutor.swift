internal import Checkpoints
internal import FoundationEssentials
internal import Inspection
public import JobModel
internal import OrderedJSON
public import WorkerRuntime

/// Accuracy on MMAD's questions: plan (how many questions, which shards), shards (ask them), report (join them).
public struct EvaluationExecutor: WorkerRuntime.TaskExecutor {
  private let host: ModelHost
  /// Prompts that decode together.
  private let batch = 64

  public init(host: ModelHost) {
    self.host = host
  }

  public var jobKinds: [JobKind] { [.eval] }
  public var kinds: [TaskKind] { [.plan, .shard, .report] }

  public func run(_ task: ClaimedTask, context: TaskContext) async throws -> TaskOutcome {
    guard case .eval(let settings) = task.spec.settings else {
      throw TaskError(.userError, "an evaluation task of a job that is none")
    }
    switch task.kind {
    case .plan: return try plan(settings, context)
    case .shard: return try await shard(settings, try ShardRange(task.payload), context)
    default: return try await report(settings, context)
    }
  }

  private func plan(_ settings: EvalSettings, _ context: TaskContext) throws -> TaskOutcome {
    let (dataset, evaluation) = try Self.open(settings)
    let ranges = evaluation.shards(size: settings.shardSize)
    guard !ranges.isEmpty else {
      throw TaskError(.userError, "\(settings.data) has no question of the types asked for")
    }
    context.log(
      "\(evaluation.items.count) questions on \(dataset.samples.count) images in \(ranges.count) shards")
    if !dataset.missingTemplates.isEmpty {
      context.log("\(dataset.missingTemplates.count) reference images are missing and left out")
    }
    return TaskOutcome(
      result: .object([
        .init("questions", .integer(evaluation.items.count)), .init("shards", .integer(ranges.count)),
      ]), spawn: ShardRange.tasks(for: ranges))
  }

  private func shard(
    _ settings: EvalSettings, _ range: ShardRange, _ context: TaskContext
  ) async throws -> TaskOutcome {
    let batch = batch
    let lines = try await host.withModel(folder: settings.model) { loaded -> [JSON] in
      let (_, evaluation) = try Self.open(settings)
      var inspector = QwenInspector(
        loaded: loaded, seed: UInt64(settings.seed), isCancelled: { context.isCancelled })
      return try asUserError {
        try evaluation.run(range.items, with: &inspector, batch: batch) { done in
          try context.checkCancellation()
          context.progress(
            TaskProgress(done: Double(done), total: Double(range.items.count), unit: "questions"))
        }.map(AnswersFile.json)
      }
    }
    try context.checkCancellation()
    let artifact = try EpochFile.write(
      lines: lines, folder: Self.shardFolder(settings.output, context.task.job), name: range.fileName,
      kind: ArtifactKind.shard, lease: context.task.lease)
    return TaskOutcome(result: .object([.init("questions", .integer(lines.count))]), artifacts: [artifact])
  }

  private func report(_ settings: EvalSettings, _ context: TaskContext) async throws -> TaskOutcome {
    let records = try await ShardRange.lines(of: context).map { try AnswersFile.record($0) }
    let (dataset, evaluation) = try Self.open(settings)
    guard records.count == evaluation.items.count else {
      throw TaskError(
        .transient, "the shards hold \(records.count) answers to \(evaluation.items.count) questions")
    }
    let report = try asUserError {
      try EvaluationReport(
        records: records,
        origin: [
          .init("job", String(context.task.job)), .init("model", settings.model),
          .init("model_sha256", try ModelIdentity.hash(folder: settings.model)),
          .init("data", settings.data),
          .init("data_sha256", try ModelIdentity.hash(file: settings.data + "/mmad.json")),
          .init("protocol", settings.promptProtocol.rawValue), .init("seed", String(settings.seed)),
        ], missingTemplates: dataset.missingTemplates.count)
    }
    let files: [(String, String)] = [
      ("answers.json", AnswersFile.json(records).serialized(pretty: true)), ("report.txt", report.text),
      ("report.json", report.json.serialized(pretty: true)), ("report.csv", report.csv),
    ]
    var artifacts: [Artifact] = []
    for (name, text) in files {
      artifacts.append(
        try EpochFile.write(
          bytes: Array(text.utf8), path: settings.output + "/" + name, kind: ArtifactKind.report,
          epoch: context.task.epoch))
    }
    context.log(report.text)
    let accuracies = report.accuracies().map { JSON.Member($0.type.rawValue, .number($0.accuracy)) }
    return TaskOutcome(
      result: .object([
        .init("accuracy", .object(accuracies)),
        .init("conclusion_agreement", report.conclusionAgreement.map { .number($0) } ?? .null),
        .init("answers", .integer(records.count)), .init("report", .string(settings.output + "/report.txt")),
      ]), artifacts: artifacts)
  }

  private static func open(_ settings: EvalSettings) throws -> (MMADDataset, Evaluation) {
    try asUserError {
      let dataset = try MMADDataset(root: settings.data)
      let evaluation = Evaluation(
        samples: dataset.samples, promptProtocol: try settings.promptProtocol.resolved(),
        settings: PromptSettings(references: settings.references, maxNewTokens: settings.maxNewTokens),
        questionTypes: settings.questionTypes?.resolved, limit: settings.limit)
      return (dataset, evaluation)
    }
  }

  private static func shardFolder(_ output: String, _ job: JobID) -> String { "\(output)/shards/job-\(job)" }
}

internal import Checkpoints
internal import FoundationEssentials
internal import Inspection
public import JobModel
internal import OrderedJSON
public import WorkerRuntime

/// Accuracy on a data set's questions: plan (how many questions, which shards), shards (ask them), report (join them).
public struct EvaluationExecutor: WorkerRuntime.TaskExecutor {
  private let host: ModelHost
  /// Prompts that decode together, where memory was never short.
  private static let batch = 64

  public init(host: ModelHost) {
    self.host = host
  }

  public var jobKinds: [JobKind] { [.eval] }
  public var kinds: [TaskKind] { [.plan, .shard, .report] }
  public var loadedCheckpoints: [String] { host.loadedCheckpoints }
  public func letGo(ofDevice device: Int) async { await host.letGo(ofDevice: device) }

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
    let run = try EvaluationRun(settings)
    let evaluation = run.evaluation
    let count = evaluation.items.count
    guard count > 0 else {
      throw TaskError(.userError, "\(settings.data) has no question of the types asked for")
    }
    // What cannot work, and what will spoil the numbers, is told before any work.
    try ModelCheck.model(settings.model)
    let asked = Set(evaluation.items.map(\.sample)).sorted().map { evaluation.samples[$0].name }
    if let overlap = try run.overlap(with: asked, of: context.task) {
      context.log("training pictures: \(overlap.sentence)", stream: overlap.shared.isEmpty ? .log : .error)
    }
    let shards = ShardRange.shards(of: count, size: settings.shardSize)
    context.log(
      "\(count) questions on \(evaluation.samples.count) images in \(shards) shards, \(run.setting)")
    if let notice = InspectionQuestion.notice(uncounted: evaluation.uncounted) {
      context.log(notice, stream: .error)
    }
    let untold = evaluation.categoriesWithoutKnowledge
    if let first = untold.first {
      context.log(
        "domain_knowledge.json tells nothing of \(untold.count) classes, the first is \(first)",
        stream: .error)
    }
    if run.pictures.missingTemplates > 0 {
      context.log("\(run.pictures.missingTemplates) reference images are missing and left out")
    }
    return ShardRange.plan(
      .object([.init("questions", .integer(count)), .init("shards", .integer(shards))]), count: count,
      size: settings.shardSize, unit: "questions")
  }

  private func shard(
    _ settings: EvalSettings, _ shard: ShardRange, _ context: TaskContext
  ) async throws -> TaskOutcome {
    let batch = Self.batch.halved(context.task.memoryFailures)
    let (lines, faulty) = try await host.withModel(
      folder: settings.model, form: settings.dtype, for: context
    ) { loaded in
      var run = try EvaluationRun(settings)
      let questions = run.evaluation.questions(of: shard.items, shardSize: settings.shardSize)
      try run.findReferences(for: questions, with: loaded) { try context.checkCancellation() }
      let (evaluation, paths) = (run.evaluation, run.pictures.paths)
      var inspector = QwenInspector(
        loaded: loaded, seed: UInt64(settings.seed), isCancelled: { context.isCancelled })
      return try FaultyItems.work(
        on: questions, look: { try loaded.prompts.look(at: evaluation.prompt(of: $0)) }
      ) { items in
        let records = try evaluation.run(items, with: &inspector, batch: batch) { done in
          try context.checkCancellation()
          context.progress(
            shard.progress(
              items.lowerBound - questions.lowerBound + done, of: questions.count, unit: "questions"))
        }
        return try PictureHashes.lines(of: records, paths: paths)
      }
    }
    try context.checkCancellation()
    context.progress(shard.finished(unit: "questions"))
    for fault in faulty {
      context.log("question \(fault.item) is set aside: \(fault.reason)", stream: .error)
    }
    let artifact = try EpochFile.write(
      lines: lines, folder: Self.shardFolder(settings.output, context.task.job), name: shard.fileName,
      kind: ArtifactKind.shard, lease: context.task.lease)
    return TaskOutcome(
      result: .object([.init("questions", .integer(lines.count)), QuarantinedItem.member(faulty)]),
      artifacts: [artifact])
  }

  /// The questions that could not be asked. A shard that asked the others names them; of one that never got so far the
  /// queue names the item, which may stand for several questions.
  private func setAside(
    _ evaluation: Evaluation, _ settings: EvalSettings, _ context: TaskContext
  ) async throws -> [QuarantinedItem] {
    try await context.job().tasks.flatMap { task -> [QuarantinedItem] in
      let named = QuarantinedItem.all(in: task.result)
      guard task.result?["questions"] == nil else { return named }
      return named.flatMap { taken in
        evaluation.questions(of: taken.item..<taken.item + 1, shardSize: settings.shardSize).map {
          QuarantinedItem(item: $0, reason: taken.reason)
        }
      }
    }.sorted { $0.item < $1.item }
  }

  private func report(_ settings: EvalSettings, _ context: TaskContext) async throws -> TaskOutcome {
    let lines = try await ShardRange.lines(of: context)
    let records = try lines.map { try AnswersFile.record($0) }
    let run = try EvaluationRun(settings)
    let aside = try await setAside(run.evaluation, settings, context)
    guard records.count + aside.count == run.evaluation.items.count else {
      throw TaskError(
        .transient,
        "the shards hold \(records.count) answers to \(run.evaluation.items.count) questions, \(aside.count) are "
          + "set aside")
    }
    if let first = aside.first, records.isEmpty {
      throw TaskError(.userError, "none of the \(aside.count) questions can be asked: \(first.reason)")
    }
    let report = try run.report(
      on: records, setAside: aside, pictures: PictureHashes.identity(of: lines), of: context.task)
    let gallery = ReportGallery(records: records, samples: run.evaluation.samples)
    let files =
      [("answers.json", AnswersFile.json(records).serialized(pretty: true))] + report.files(gallery: gallery)
    let artifacts = try files.map { name, text in
      try EpochFile.write(
        bytes: Array(text.utf8), path: settings.output + "/" + name, kind: ArtifactKind.report,
        epoch: context.task.epoch)
    }
    context.log(report.text)
    let accuracies = report.accuracies().map { JSON.Member($0.type.rawValue, .number($0.accuracy)) }
    return TaskOutcome(
      result: .object([
        .init("accuracy", .object(accuracies)),
        .init("conclusion_agreement", report.conclusionAgreement.map { .number($0) } ?? .null),
        .init("answers", .integer(records.count)), .init("set_aside", .integer(aside.count)),
        .init(
          "training_overlap",
          report.overlap.flatMap { $0.shared.isEmpty ? nil : .string($0.sentence) } ?? .null),
        .init("report", .string(settings.output + "/report.txt")),
      ]), artifacts: artifacts)
  }

  private static func shardFolder(_ output: String, _ job: JobID) -> String { "\(output)/shards/job-\(job)" }
}

internal import FoundationEssentials
internal import Images
internal import Inspection
public import JobModel
internal import OrderedJSON
internal import Synchronization
public import WorkerRuntime

/// Inspection of many images: plan (list them), shards (ask about each), report (join the rows).
public struct ScoringExecutor: WorkerRuntime.TaskExecutor {
  private let host: ModelHost
  /// A run of millions of images has larger shards instead of more.
  private static let mostShards = 4000

  public init(host: ModelHost) {
    self.host = host
  }

  public var jobKinds: [JobKind] { [.score] }
  public var kinds: [TaskKind] { [.plan, .shard, .report] }
  public var loadedCheckpoints: [String] { host.loadedCheckpoints }
  public func letGo(ofDevice device: Int) async { await host.letGo(ofDevice: device) }

  public func run(_ task: ClaimedTask, context: TaskContext) async throws -> TaskOutcome {
    guard case .score(let settings) = task.spec.settings else {
      throw TaskError(.userError, "a scoring task of a job that is none")
    }
    switch task.kind {
    case .plan: return try plan(settings, context)
    case .shard: return try await shard(settings, try ShardRange(task.payload), context)
    default: return try await ScoringReport(settings: settings, context: context).outcome()
    }
  }

  /// The list is written down once, so that every shard and every retry sees the same images.
  private func plan(_ settings: ScoreSettings, _ context: TaskContext) throws -> TaskOutcome {
    let set = try ImageSet(
      settings.images,
      without: ScoreFolder(path: settings.output).written + [settings.cache].compactMap { $0 })
    let questions = try ScoreQuestions(settings)
    let table = try Self.classes(settings.classes)
    let strangers = Set(table.keys).subtracting(set.entries.map(\.path)).sorted()
    if let first = strangers.first {
      context.log(
        "\(strangers.count) of the \(table.count) paths that the table of classes names are no image of this run, "
          + "\(first) for one; paths are as the results have them", stream: .error)
    }
    var entries = set.entries.map { entry in
      var entry = entry
      entry.category = table[entry.path] ?? entry.category ?? questions.category(of: entry.path)
      return entry
    }
    // A list or a pattern may name files elsewhere.
    if context.task.confinement != nil {
      for case .file(let file) in entries.map(\.location) where !file.hasPrefix(settings.images + "/") {
        try context.checkMayRead(FileName.resolved(file))
      }
    }
    // What cannot work is found before any work: models, settings that contradict each other, and references that are
    // no pictures or lie where the job may not read.
    try ModelCheck.model(settings.model)
    if let segmenter = settings.segmenter { try ModelCheck.segmenter(segmenter) }
    if let earlier = try EarlierScores(settings) {
      try earlier.check(ScoringReport.conditions(settings))
      entries = try earlier.named(entries)
    }
    var classes: Set<String?> = []
    var references: Set<String> = []
    for entry in entries where classes.insert(entry.category).inserted {
      references.formUnion(try questions.prompt(for: entry).imagePaths.dropLast())
    }
    for reference in references.sorted() {
      try context.checkMayRead(reference)
      try ScoreQuestions.checkReference(reference)
    }
    let list = try EpochFile.write(
      lines: entries.map(\.json), folder: ScoringFiles.folder(settings, context), name: "images",
      kind: ArtifactKind.input, lease: context.task.lease)
    let size = max(settings.shardSize, (entries.count + Self.mostShards - 1) / Self.mostShards)
    let shards = ShardRange.shards(of: entries.count, size: size)
    context.log("\(entries.count) images in \(shards) shards")
    if set.duplicates > 0 { context.log("\(set.duplicates) paths are named more than once and scored once") }
    return ShardRange.plan(
      .object([
        .init("images", .integer(entries.count)), .init("duplicates", .integer(set.duplicates)),
        .init("shards", .integer(shards)),
      ]), count: entries.count, size: size, unit: "images", artifacts: [list])
  }

  /// The class of each path, by a table that states them.
  private static func classes(_ path: String?) throws -> [String: String] {
    guard let path else { return [:] }
    let rows = try ListedFile.table(path, columns: ["path", "class"])
    return Dictionary(
      rows.compactMap { row in
        // An empty cell says nothing.
        row["path"].flatMap { path in row["class"].flatMap { $0.isEmpty ? nil : (path, $0) } }
      },
      uniquingKeysWith: { first, _ in first })
  }

  private func shard(
    _ settings: ScoreSettings, _ range: ShardRange, _ context: TaskContext
  ) async throws -> TaskOutcome {
    let entries = try await ScoringFiles.entries(context)
    guard range.items.upperBound <= entries.count else {
      throw TaskError(
        .transient, "the image list holds \(entries.count) images, shard \(range.index) asks for more")
    }
    let questions = try ScoreQuestions(settings)
    let caches = try ScoreCaches(settings: settings, questions: questions)
    let overlays = OverlayWriter(output: settings.output) { context.log($0, stream: .error) }
    let run = try ShardRun(
      settings: settings, range: range, entries: Array(entries[range.items]), context: context,
      questions: questions, caches: caches, overlays: overlays)
    let rows = try await host.withModel(
      folder: settings.model, form: settings.dtype, segmenter: settings.segmenter, for: context
    ) { try run.rows(with: $0, segmenter: $1) }
    try await overlays.finish()
    try context.checkCancellation()
    let artifact = try EpochFile.write(
      lines: rows.lines.map(\.json), folder: ScoringFiles.folder(settings, context), name: range.fileName,
      kind: ArtifactKind.shard, lease: context.task.lease)
    return TaskOutcome(
      result: .object([
        .init("images", .integer(rows.lines.count)), .init("from_cache", .integer(rows.fromCache)),
        .init("seconds", rows.seconds.json),
      ]), artifacts: [artifact])
  }
}

/// Where a scoring job keeps what only its own tasks read.
enum ScoringFiles {
  static func folder(_ settings: ScoreSettings, _ context: TaskContext) -> String {
    "\(settings.output)/shards/job-\(context.task.job)"
  }

  /// The list read last: the shards of a job follow one another.
  private static let latest = Mutex<(sha256: String, entries: [ImageEntry])?>(nil)

  /// The job's images in their order.
  static func entries(_ context: TaskContext) async throws -> [ImageEntry] {
    let lists = try await context.artifacts().filter { $0.kind == ArtifactKind.input }
    guard let list = lists.max(by: { $0.epoch < $1.epoch }) else {
      throw TaskError(.transient, "the job's image list is not announced")
    }
    if let latest = latest.withLock({ $0 }), latest.sha256 == list.sha256 { return latest.entries }
    let entries = try EpochFile.read(list).map { try ImageEntry($0) }
    latest.withLock { $0 = (list.sha256, entries) }
    return entries
  }
}

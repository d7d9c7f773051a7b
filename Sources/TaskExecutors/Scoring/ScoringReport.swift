internal import FoundationEssentials
internal import Images
internal import Inspection
internal import JobModel
internal import OrderedJSON
internal import WorkerRuntime

/// Joins the rows of a scoring job and writes everything about them.
struct ScoringReport {
  /// A report of so many pictures takes a few megabytes.
  private static let pictures = 200

  let settings: ScoreSettings
  let context: TaskContext

  func outcome() async throws -> TaskOutcome {
    let entries = try await ScoringFiles.entries(context)
    var rows = try await ShardRange.lines(of: context).map { line in try asUserError { try ScoreRow(line) } }
    // What the queue took out has no row of its shard.
    for taken in try await ShardRange.quarantined(of: context) where entries.indices.contains(taken.item) {
      let entry = entries[taken.item]
      var row = entry.row
      row.error = "set aside: \(taken.reason)"
      row.isQuarantined = true
      rows.insert(row, at: min(taken.item, rows.count))
    }
    guard rows.map(\.path) == entries.map(\.path) else {
      throw TaskError(
        .transient, "the shards hold \(rows.count) rows that are not the \(entries.count) listed images")
    }
    let earlier = try EarlierScores(settings)
    let conditions = try Self.conditions(settings)
    try earlier?.check(conditions)
    var all = try earlier?.joined(with: rows) ?? rows
    // One rule for all rows: this job's, or else the one that earlier rows were decided by.
    let threshold = settings.threshold ?? earlier?.report.threshold
    if earlier != nil { for index in all.indices { all[index].decide(by: threshold) } }
    var facts = try origin(await context.job(), threshold: threshold, conditions, earlier?.report)
    if all.count > rows.count { facts.append(.init("earlier_images", .integer(all.count - rows.count))) }
    let report = ScoreReport(
      rows: all, origin: facts,
      thumbnails: thumbnails(all, entries, known: earlier?.report.thumbnails ?? [:]), overlays: overlays(all))
    var artifacts: [Artifact] = []
    for file in try ScoreFolder(path: settings.output).contents(of: report) {
      artifacts.append(
        try EpochFile.write(
          bytes: file.bytes, path: settings.output + "/" + file.name, kind: ArtifactKind.report,
          epoch: context.task.epoch))
    }
    let counts = ScoreSummary(rows).all
    context.log(
      "\(counts.images) images: \(counts.defective) defective, \(counts.good) good, \(counts.unclear) unclear, "
        + "\(counts.failed) failed, \(counts.quarantined) of them quarantined"
        + (counts.clipped > 0 ? "; \(counts.clipped) have grey above 255, which was seen as white" : ""))
    return TaskOutcome(result: .object(ScoreSummary(rows).members + report.origin), artifacts: artifacts)
  }

  /// What a report says once for all its rows, so that runs have to agree on it to add to the same one.
  static func conditions(_ settings: ScoreSettings) throws -> [JSON.Member] {
    [
      .init("model_sha256", .string(try ModelIdentity.hash(folder: settings.model))),
      .init("dtype", .string(settings.dtype.rawValue)),
      .init("protocol", .string(settings.promptProtocol.rawValue)),
      .init("product", settings.product.map(JSON.string) ?? .null),
      .init(
        "tiling",
        settings.tiling.map {
          .object([.init("size", .integer($0.size)), .init("overlap", .integer($0.overlap))])
        } ?? .null),
    ]
  }

  /// Source, job and times are those of the last run, the references those of all.
  private func origin(
    _ detail: JobDetail, threshold: Double?, _ conditions: [JSON.Member], _ earlier: ScoreReport?
  ) throws -> [JSON.Member] {
    let shards = detail.tasks.filter { $0.kind == .shard }
    let cached = shards.reduce(0) { $0 + ($1.result?["from_cache"]?.int ?? 0) }
    let images = shards.reduce(0) { $0 + ($1.result?["images"]?.int ?? 0) }
    var parts = ShardSeconds()
    for shard in shards { parts.add(shard.result?["seconds"]) }
    let start = shards.compactMap(\.startedAt).min() ?? 0
    let seconds = max(0, (shards.compactMap(\.finishedAt).max() ?? 0) - start)
    let before = earlier?.origin.first { $0.key == "reference" }?.value.array?.compactMap(\.string) ?? []
    let references = before + settings.references.filter { !before.contains($0) }
    let run: [JSON.Member] = [
      .init("job", .integer(Int(context.task.job))), .init("source", .string(settings.images)),
      .init("model", .string(settings.model)),
    ]
    let measured: [JSON.Member] = [
      .init("threshold", threshold.map(JSON.number) ?? .null),
      .init("reference", .array(references.map(JSON.string))),
      .init("segmenter", settings.segmenter.map(JSON.string) ?? .null),
      .init("max_errors", settings.maxErrors?.json ?? .null), .init("seed", .integer(settings.seed)),
      .init("from_cache", .integer(cached)), .init("seconds", .number((seconds * 100).rounded() / 100)),
      .init("seconds_by_part", parts.json),
      .init(
        "images_per_second", seconds > 0 ? .number((Double(images) / seconds * 100).rounded() / 100) : .null),
    ]
    return run + conditions + measured
  }

  /// Small pictures of the images that come first whatever the threshold; one that cannot be read any more, or has
  /// changed since its boxes were found, is left out.
  private func thumbnails(
    _ rows: [ScoreRow], _ entries: [ImageEntry], known: [String: String]
  ) -> [String: String] {
    let entryOfPath = Dictionary(entries.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    var thumbnails: [String: String] = [:]
    for row in ScoreReport.likeliest(rows, atMost: Self.pictures) {
      guard let entry = entryOfPath[row.path] else {
        thumbnails[row.path] = known[row.path]
        continue
      }
      guard let image = try? entry.picture(scoredAs: row),
        let jpeg = try? DefectDrawing.thumbnail(image, boxes: row.boxes)
      else { continue }
      thumbnails[row.path] = Data(jpeg).base64EncodedString()
    }
    return thumbnails
  }

  private func overlays(_ rows: [ScoreRow]) -> Set<String> {
    Set(
      rows.filter {
        !$0.boxes.isEmpty
          && FileManager.default.fileExists(atPath: settings.output + "/" + ScoreReport.overlay(of: $0.path))
      }.map(\.path))
  }
}

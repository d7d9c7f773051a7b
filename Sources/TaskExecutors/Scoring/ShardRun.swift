internal import Images
internal import Inspection
internal import JobModel
internal import QwenVL
internal import SAM2
internal import Synchronization
internal import WorkerRuntime

/// The images of one shard through the model: read ahead, scored in batches, kept in the cache as they are done.
///
/// Images that were in hand when an earlier attempt's process died come last and one by one; one that keeps killing
/// its process is set aside with an error. So a shard ends however bad its images are.
struct ShardRun: Sendable {
  struct Result: Sendable {
    /// One per image, in the order of the run.
    var lines: [ScoreRow]
    var fromCache = 0
    var seconds = ShardSeconds()
  }

  private let settings: ScoreSettings
  private let range: ShardRange
  private let entries: [ImageEntry]
  private let context: TaskContext
  private let questions: ScoreQuestions
  private let caches: ScoreCaches
  private let overlays: OverlayWriter
  private let log: InHandLog
  private let history: InHandLog.History

  init(
    settings: ScoreSettings, range: ShardRange, entries: [ImageEntry], context: TaskContext,
    questions: ScoreQuestions, caches: ScoreCaches, overlays: OverlayWriter
  ) throws {
    self.settings = settings
    self.range = range
    self.entries = entries
    self.context = context
    self.questions = questions
    self.caches = caches
    self.overlays = overlays
    let folder = ScoringFiles.folder(settings, context) + "/in-hand"
    history = InHandLog.history(folder: folder, range: range, before: context.task.epoch)
    log = try InHandLog(folder: folder, range: range, epoch: context.task.epoch)
  }

  func rows(with loaded: LoadedModel, segmenter: Segmenter?) throws -> Result {
    let reader = ImageReader(
      settings: settings, questions: questions, prompts: loaded.prompts, caches: caches)
    let scorer = ImageScorer(
      settings: settings, questions: questions, loaded: loaded, isCancelled: { context.isCancelled })
    var rows: [Int: ScoreRow] = [:]
    var fromCache = 0
    var seconds = ShardSeconds()
    let reading = Stopwatch()
    defer { log.ended() }

    func score(_ batch: [ReadImage]) throws {
      try context.checkCancellation()
      let scored = try seconds.model.timing { try Self.rows(of: batch[...], by: scorer) }
      // A reply that cancellation has cut short is no score.
      try context.checkCancellation()
      for (image, row) in zip(batch, scored) {
        let entry = entries[image.index - range.items.lowerBound]
        if image.isFromCache { fromCache += 1 } else if row.error == nil { try store(row, entry) }
        if row.decision == .defect, !row.boxes.isEmpty {
          overlays.write(row, of: entry, mask: segmenter.flatMap { mask(of: row, entry, by: $0) })
        }
        rows[image.index] = row
      }
      log.finished(batch.map(\.index))
      context.progress(
        TaskProgress(done: Double(rows.count), total: Double(range.items.count), unit: "images"))
    }

    let feed = ImageFeed(range.items.filter { !history.suspects.contains($0) }) {
      [log, entries, range] image in
      log.took(image)
      return try reading.timing { try reader.read(entries[image - range.items.lowerBound], index: image) }
    }
    while true {
      let batch = try seconds.waiting.timing { [failures = context.task.memoryFailures] in
        try feed.nextBatch(memoryFailures: failures)
      }
      if batch.isEmpty { break }
      try score(batch)
    }
    for image in range.items where history.suspects.contains(image) {
      let entry = entries[image - range.items.lowerBound]
      if let deaths = history.deathsAlone[image], deaths >= InHandLog.fatalDeaths {
        context.log("\(entry.path) is set aside: \(deaths) workers died over it", stream: .error)
        try score([reader.quarantined(entry, index: image, deaths: deaths)])
      } else {
        log.tookAlone(image)
        try score([reading.timing { try reader.read(entry, index: image) }])
      }
    }
    seconds.reading = reading.seconds
    return Result(
      lines: try range.items.map { image in
        guard let row = rows[image] else {
          throw TaskError(.transient, "image \(image) of the shard has no row")
        }
        return row
      }, fromCache: fromCache, seconds: seconds)
  }

  /// The rows of a batch. Where the model fails on it, its halves are tried, down to the image at fault, which gets
  /// the error as its row.
  private static func rows(of batch: ArraySlice<ReadImage>, by scorer: ImageScorer) throws -> [ScoreRow] {
    do {
      return try scorer.rows(of: Array(batch))
    } catch let error as ModelError {
      guard batch.count > 1 else {
        return batch.map { image in
          var row = image.row
          row.error = "the model fails on it: \(error)"
          return row
        }
      }
      let middle = batch.startIndex + batch.count / 2
      return try rows(of: batch[..<middle], by: scorer) + rows(of: batch[middle...], by: scorer)
    }
  }

  /// What the model of masks sees in the boxes; it needs the model's thread, and few images have boxes. A mask that
  /// cannot be made is no reason to lose the score: nil, and a line in the job's log.
  private func mask(of row: ScoreRow, _ entry: ImageEntry, by segmenter: Segmenter) -> GreyImage? {
    do {
      let image = try entry.picture(scoredAs: row)
      let boxes = row.boxes.map { PromptBox(x1: $0.box.x1, y1: $0.box.y1, x2: $0.box.x2, y2: $0.box.y2) }
      var mask = SegmentedMask.union(try segmenter.masks(image: image, boxes: boxes))
      // 1 inside becomes white.
      if let pixels = mask?.pixels { mask?.pixels = pixels.map { $0 == 0 ? 0 : 255 } }
      return mask
    } catch {
      context.log("\(entry.path): its mask is the filled boxes, as SAM2 made none: \(error)", stream: .error)
      return nil
    }
  }

  private func store(_ row: ScoreRow, _ entry: ImageEntry) throws {
    try caches.cache(for: entry.category).store(row)
  }
}

package import JobModel
internal import OrderedJSON
internal import WorkerRuntime

/// A slice of a job's input, as it stands in a shard task's payload.
package struct ShardRange: Equatable {
  /// Position of the shard in its job, from 0.
  let index: Int
  let items: Range<Int>

  package init(index: Int, items: Range<Int>) {
    self.index = index
    self.items = items
  }

  init(_ payload: JSON) throws {
    guard let index = payload["index"]?.int, let from = payload["from"]?.int, let to = payload["to"]?.int,
      index >= 0, from >= 0, from <= to
    else {
      throw TaskError(.userError, "the shard's payload \(payload.serialized()) is not one this version wrote")
    }
    self.index = index
    items = from..<to
  }

  /// The name of the shard's file, which sorts by position. It goes by the first item, because a shard may be split.
  var fileName: String {
    let digits = String(items.lowerBound)
    return "shard-" + String(repeating: "0", count: max(0, 9 - digits.count)) + digits
  }

  /// How far the shard is, in its items. What it works on may be some more or fewer, as pictures are not torn apart;
  /// the items of all shards together are the job's.
  package func progress(_ done: Int, of count: Int, unit: String) -> TaskProgress {
    guard count > 0 else { return finished(unit: unit) }
    return TaskProgress(
      done: Double(items.count * done / count), total: Double(items.count), unit: unit)
  }

  /// All of it is done, however many of its items there were to work on.
  package func finished(unit: String) -> TaskProgress {
    TaskProgress(done: Double(items.count), total: Double(items.count), unit: unit)
  }

  /// What a plan leaves: shards of `size` items each at stage 1, made as workers come for them, and the report that joins
  /// them at stage 2.
  /// - Parameters:
  ///   - count: of items, at least one.
  ///   - unit: what the items are, so that the job's progress has a total before the shards run.
  static func plan(
    _ result: JSON, count: Int, size: Int, unit: String? = nil, artifacts: [Artifact] = []
  ) -> TaskOutcome {
    TaskOutcome(
      result: result, spawn: [NewTask(kind: .report, stage: 2, payload: .object([]))],
      range: NewRange(stage: 1, items: 0..<count, size: size, unit: unit), artifacts: artifacts)
  }

  /// How many shards of `size` items that comes to.
  static func shards(of count: Int, size: Int) -> Int { (count + size - 1) / size }

  /// Items that were taken out because they break whatever works on them, by position in the input.
  static func quarantined(of context: TaskContext) async throws -> [QuarantinedItem] {
    try await context.job().tasks.flatMap { QuarantinedItem.all(in: $0.result) }
      .sorted { $0.item < $1.item }
  }

  /// The lines of all shards in the order of the input.
  static func lines(of context: TaskContext) async throws -> [JSON] {
    let shards = try await context.artifacts().filter { $0.kind == ArtifactKind.shard }
    return try shards.sorted { $0.path < $1.path }.flatMap { try EpochFile.read($0) }
  }
}

/// What artifacts are for.
enum ArtifactKind {
  static let shard = "shard-results"
  static let input = "input-list"
  static let report = "report"
  static let model = "model"
}

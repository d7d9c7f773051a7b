internal import JobModel
internal import OrderedJSON
internal import WorkerRuntime

/// A slice of a job's input, as it stands in a shard task's payload.
package struct ShardRange: Equatable {
  /// Position of the shard in its job, from 0.
  let index: Int
  let items: Range<Int>

  var payload: JSON {
    .object([
      .init("index", .integer(index)), .init("from", .integer(items.lowerBound)),
      .init("to", .integer(items.upperBound)),
    ])
  }

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

  /// The tasks behind a plan: its shards at stage 1 and the report that joins them at stage 2.
  /// - Parameter unit: what the items are, so that the job's progress has a total before the shards run.
  static func tasks(for ranges: [Range<Int>], unit: String? = nil) -> [NewTask] {
    let shards = ranges.enumerated().map { index, range in
      NewTask(
        kind: .shard, stage: 1, payload: ShardRange(index: index, items: range).payload,
        ordinal: Int64(index),
        progress: unit.map { TaskProgress(done: 0, total: Double(range.count), unit: $0) })
    }
    return shards + [NewTask(kind: .report, stage: 2, payload: .object([]))]
  }

  /// Even slices of `count` items.
  static func slices(of count: Int, size: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: max(1, size)).map { $0..<min($0 + max(1, size), count) }
  }

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

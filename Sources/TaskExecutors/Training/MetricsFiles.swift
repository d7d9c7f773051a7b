internal import Checkpoints
internal import FoundationEssentials
internal import JobModel
internal import OrderedJSON
internal import PostTraining

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Musl
#endif

/// The metrics of a run for other programs: `metrics.jsonl`, a line a step, and an event file for TensorBoard.
///
/// The ledger is what counts; these files are copies. A learner writes both anew from the ledger when it begins, so a
/// step recorded by one that died is not missing, and appends after every step.
struct MetricsFiles {
  private let lines: String
  private let events: String

  /// - Parameters:
  ///   - output: the run's output folder.
  ///   - steps: what is recorded so far.
  init(output: String, job: JobID, steps: [StepRecord]) throws {
    lines = output + "/metrics.jsonl"
    events = "\(output)/tensorboard/events.out.tfevents.run-\(job)"
    let first = steps.first?.recordedAt ?? Self.now
    try FileManager.default.createDirectory(
      atPath: output + "/tensorboard", withIntermediateDirectories: true)
    try DurableFiles.replace(lines, with: steps.flatMap(Self.line))
    try DurableFiles.replace(
      events, with: TensorBoardEvents.header(time: first) + steps.flatMap(Self.event))
  }

  func append(_ step: StepRecord) throws {
    try Self.append(Self.line(step), to: lines)
    try Self.append(Self.event(step), to: events)
  }

  private static var now: Double { Date().timeIntervalSince1970 }

  private static func line(_ step: StepRecord) -> [UInt8] {
    let metrics = step.metrics.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .number($0.value)) }
    let line = JSON.object(
      [.init("step", .integer(step.step)), .init("time", .number(step.recordedAt ?? now))] + metrics)
    return Array((line.serialized() + "\n").utf8)
  }

  private static func event(_ step: StepRecord) -> [UInt8] {
    TensorBoardEvents.scalars(step.metrics, step: step.step, time: step.recordedAt ?? now)
  }

  private static func append(_ bytes: [UInt8], to path: String) throws {
    let file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
    guard file >= 0 else { throw DurableFiles.failure("open", path) }
    defer { close(file) }
    // One call, so that a reader never sees half a record unless the disk is full.
    guard write(file, bytes, bytes.count) == bytes.count else { throw DurableFiles.failure("write", path) }
  }
}

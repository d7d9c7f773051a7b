import FoundationEssentials
import JobModel
import OrderedJSON

/// What an evaluation job found, as its report task stored it.
struct Evaluated: Sendable {
  /// Accuracy by question type, 0 to 1, in the report's order.
  var accuracy: [(type: String, value: Double)] = []
  /// Share of replies whose reasoning concludes on their answer.
  var agreement = 0.0

  init() {}

  init(_ detail: JobDetail?) throws {
    guard let result = detail?.tasks.last(where: { $0.kind == .report })?.result,
      let members = result["accuracy"]?.members
    else { throw CommandError("the evaluation left no result") }
    accuracy = members.compactMap { member in member.value.double.map { (member.key, $0) } }
    agreement = result["conclusion_agreement"]?.double ?? 0
  }

  var json: JSON { .object(accuracy.map { JSON.Member($0.type, .number($0.value)) }) }

  subscript(type: String) -> Double? { accuracy.first { $0.type == type }?.value }
}

/// The demonstration's result: `summary.json`.
struct DemoSummary: Sendable {
  struct Seconds: Sendable {
    var data = 0.0
    var baseEvaluation = 0.0
    var training = 0.0
    var evaluation = 0.0
    var scoring = 0.0
    var total = 0.0
  }

  let seed: Int
  let steps: Int
  var seconds = Seconds()
  var before = Evaluated()
  var after = Evaluated()
  /// Mean reward of every step.
  var rewards: [Double] = []
  var images = 0
  var secondsOfShards = 0.0
  var processes: [String: Int32] = [:]

  init(seed: Int, steps: Int) {
    self.seed = seed
    self.steps = steps
  }

  var imagesPerSecond: Double { secondsOfShards > 0 ? Double(images) / secondsOfShards : 0 }

  /// Mean over the first and the last tenth of the steps: one step's mean is noisy.
  var firstReward: Double { Self.mean(rewards.prefix(max(1, rewards.count / 10))) }
  var lastReward: Double { Self.mean(rewards.suffix(max(1, rewards.count / 10))) }

  private static func mean(_ values: ArraySlice<Double>) -> Double {
    values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
  }

  var json: JSON {
    .object([
      .init("seed", .integer(seed)),
      .init(
        "seconds",
        .object([
          .init("data", .number(seconds.data)), .init("base_eval", .number(seconds.baseEvaluation)),
          .init("train", .number(seconds.training)), .init("eval", .number(seconds.evaluation)),
          .init("score", .number(seconds.scoring)), .init("total", .number(seconds.total)),
        ])),
      .init("steps", .integer(steps)), .init("before", before.json), .init("after", after.json),
      .init(
        "conclusion_agreement",
        .object([.init("before", .number(before.agreement)), .init("after", .number(after.agreement))])),
      .init("reward", .object([.init("first", .number(firstReward)), .init("last", .number(lastReward))])),
      .init("images_per_second", .number(imagesPerSecond)),
      .init(
        "processes",
        .object(processes.sorted { $0.key < $1.key }.map { .init($0.key, .integer(Int($0.value))) })),
    ])
  }

  func write(to path: String) throws {
    try Data((json.serialized(pretty: true) + "\n").utf8).write(
      to: URL(fileURLWithPath: path), options: .atomic)
  }
}

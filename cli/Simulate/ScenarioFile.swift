import JobModel
import OrderedJSON
import Scheduling

/// Reads a scenario written as YAML. A key that is not known is refused, with the nearest that is.
enum ScenarioFile {
  struct Problem: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  static func read(_ path: String) throws -> Scenario {
    let root = Fields(try JobFile.read(path).tree, place: "the scenario")
    try root.allow(["seconds", "seed", "tick", "workers", "labs"])
    return Scenario(
      seconds: try root.number("seconds", default: 86_400, in: 1...31_536_000),
      seed: UInt64(try root.whole("seed", default: 1, in: 0...Int.max)),
      tick: try root.number("tick", default: 5, in: 1...3_600),
      workers: try root.list("workers", atLeast: 1).map(workers),
      labs: try root.list("labs", atLeast: 1).map(lab))
  }

  private static func workers(_ fields: Fields) throws -> Scenario.WorkerGroup {
    try fields.allow(["count", "slots", "gpus", "gpu_memory"])
    return Scenario.WorkerGroup(
      count: try fields.whole("count", default: 1, in: 1...10_000),
      slots: try fields.whole("slots", default: 1, in: 1...1_000),
      gpus: try fields.whole("gpus", default: 0, in: 0...64),
      gpuMemory: try fields.size("gpu_memory", default: 80_000_000_000))
  }

  private static func lab(_ fields: Fields) throws -> Scenario.Lab {
    try fields.allow([
      "name", "weight", "nominal", "borrow", "lend", "max_running", "budget_hours", "streams",
    ])
    return Scenario.Lab(
      name: try fields.text("name", default: "lab"),
      weight: try fields.number("weight", default: 1, in: 0.001...1_000),
      quota: Quota(
        nominal: try fields.number("nominal", default: 0, in: 0...1e6),
        borrow: try fields.number("borrow", in: 0...1e6), lend: try fields.number("lend", in: 0...1e6),
        maxRunning: try fields.number("max_running", in: 0...1e6).map { Int($0) },
        budgetHours: try fields.number("budget_hours", in: 0...1e9)),
      streams: try fields.list("streams", atLeast: 0).map(stream))
  }

  private static func stream(_ fields: Fields) throws -> Scenario.Stream {
    try fields.allow([
      "user", "jobs_per_hour", "tasks", "seconds", "spread", "gang", "gpu", "gpu_memory", "priority", "saves",
      "from", "until",
    ])
    return Scenario.Stream(
      user: try fields.text("user", default: "someone"),
      jobsPerHour: try fields.number("jobs_per_hour", default: 1, in: 0...100_000),
      tasks: try fields.whole("tasks", default: 1, in: 1...100_000),
      seconds: try fields.number("seconds", default: 600, in: 1...1e7),
      spread: try fields.number("spread", default: 0, in: 0...0.95),
      gang: try fields.whole("gang", default: 1, in: 1...1_000),
      need: ResourceRequest(
        gpus: try fields.whole("gpu", default: 0, in: 0...64),
        gpuMemory: try fields.size("gpu_memory", default: 0)),
      priority: try fields.whole("priority", default: 0, in: -100...100), saves: try fields.flag("saves"),
      from: try fields.number("from", default: 0, in: 0...1e9),
      until: try fields.number("until", default: 1e9, in: 0...1e9))
  }
}

/// The members of one object of a scenario.
private struct Fields {
  private let tree: JSON
  private let place: String

  init(_ tree: JSON, place: String) {
    self.tree = tree
    self.place = place
  }

  func allow(_ keys: [String]) throws {
    guard let members = tree.members else {
      throw ScenarioFile.Problem("\(place) is an object of keys and values")
    }
    for member in members where !keys.contains(member.key) {
      let nearest = Spelling.nearest(to: member.key, among: keys)
      throw ScenarioFile.Problem(
        "unknown key '\(member.key.prefix(60))' in \(place)"
          + (nearest.map { "; did you mean '\($0)'?" } ?? "; known keys are \(keys.joined(separator: ", "))"))
    }
  }

  private func refuse(_ key: String, _ allowed: String) -> ScenarioFile.Problem {
    .init("\(place): \(key) is \(tree[key]?.serialized().prefix(60) ?? "missing"); allowed is \(allowed)")
  }

  func number(_ key: String, in range: ClosedRange<Double>) throws -> Double? {
    guard let value = tree[key], !value.isNull else { return nil }
    guard let number = value.double, range.contains(number) else {
      throw refuse(key, "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func number(_ key: String, default standard: Double, in range: ClosedRange<Double>) throws -> Double {
    try number(key, in: range) ?? standard
  }

  func whole(_ key: String, default standard: Int, in range: ClosedRange<Int>) throws -> Int {
    guard let value = tree[key], !value.isNull else { return standard }
    guard let number = value.int, range.contains(number) else {
      throw refuse(key, "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func size(_ key: String, default standard: Int64) throws -> Int64 {
    guard let value = tree[key], !value.isNull else { return standard }
    guard let bytes = value.string.flatMap(ByteSize.parse) ?? value.int.map(Int64.init), bytes >= 0 else {
      throw refuse(key, "a size such as 40GB")
    }
    return bytes
  }

  func text(_ key: String, default standard: String) throws -> String {
    guard let value = tree[key], !value.isNull else { return standard }
    guard let text = value.string, (1...120).contains(text.count) else {
      throw refuse(key, "a text of 1 to 120 characters")
    }
    return text
  }

  func flag(_ key: String) throws -> Bool {
    guard let value = tree[key], !value.isNull else { return false }
    guard case .bool(let flag) = value else { throw refuse(key, "true or false") }
    return flag
  }

  func list(_ key: String, atLeast least: Int) throws -> [Fields] {
    guard let value = tree[key], !value.isNull else {
      if least == 0 { return [] }
      throw refuse(key, "a list of at least \(least)")
    }
    guard case .array(let items) = value, items.count >= least, items.count <= 1_000 else {
      throw refuse(key, "a list of \(least) to 1000")
    }
    return items.enumerated().map { Fields($1, place: "\(key)[\($0)] of \(place)") }
  }
}

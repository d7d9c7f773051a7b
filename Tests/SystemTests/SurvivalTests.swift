import FoundationEssentials
import OrderedJSON
import Testing

/// Real processes, killed in the middle of their work.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct SurvivalTests {
  private static let base = Repository.root + "/models/demo-base"

  /// A system with a small data set.
  private func prepared() async throws -> (RunningSystem, data: String) {
    let system = try await RunningSystem.start()
    let data = system.scratch.path + "/data"
    let made = try await system.program.run([
      "data", "generate", "--output", data, "--seed", "5", "--training", "40", "--held-out", "40", "--inbox",
      "40",
    ])
    try #require(made.code == 0, "\(made.error)")
    return (system, data)
  }

  @Test("An evaluation whose worker is killed still asks every question exactly once")
  func evaluation() async throws {
    let (system, data) = try await prepared()
    let job = try await system.submit([
      "kind: eval", "model: \(Self.base)", "data: \(data)/heldout", "output: eval", "references: 0",
      "max_new_tokens: 48", "shard_size: 24",
    ])
    try await system.killWorker(of: job, running: "shard")
    let detail = try await system.succeed(job)
    let answers =
      try JSON(
        parsing: Array(Program.text(system.scratch.path + "/eval/answers.json").utf8)
      ).array ?? []
    let asked = try JSON(parsing: Array(Program.text(data + "/heldout/mmad.json").utf8)).members ?? []
    let questions = asked.reduce(0) { $0 + ($1.value["conversation"]?.array?.count ?? 0) }
    #expect(answers.count == questions)
    let keys = answers.map {
      ($0["image"]?.string ?? "") + ($0["question"]?["text"]?.string ?? "")
        + ($0["question_type"]?.string ?? "")
    }
    #expect(Set(keys).count == questions)
    let interrupted = (detail["tasks"]?.array ?? []).filter { ($0["interruptions"]?.int ?? 0) > 0 }
    #expect(!interrupted.isEmpty, "the kill came too late to interrupt anything")
    #expect(interrupted.allSatisfy { $0["attempt"]?.int == 1 }, "an interruption cost an attempt")
    try await system.stop()
  }

  @Test(
    "A training whose learner and rollout worker are killed ends with the same weights as an undisturbed one")
  func training() async throws {
    let (system, data) = try await prepared()
    // Enough, and long enough in the rollouts, that both kills fall into the training however fast the machine is.
    let stepCount = 40
    func settings(_ output: String) -> [String] {
      [
        "kind: train", "model: \(Self.base)", "data: \(data)/train", "output: \(output)", "references: 0",
        "question_types: [Anomaly Detection]", "steps: \(stepCount)", "prompts_per_step: 2", "group_size: 16",
        "max_new_tokens: 40", "learning_rate: 0.001", "save_every: 5", "seed: 7",
      ]
    }
    let undisturbed = try await system.submit(settings("quiet"))
    let expected = try await system.succeed(undisturbed)

    let job = try await system.submit(settings("killed"))
    try await system.killWorker(of: job, running: "learn") { detail in
      (detail["steps"]?.array?.count ?? 0) >= 4
    }
    try await system.killWorker(of: job, running: "rollout-group")
    let detail = try await system.succeed(job)

    let steps = (detail["steps"]?.array ?? []).compactMap { $0["step"]?.int }
    #expect(steps == Array(1...stepCount), "every step is recorded once")
    let consumed = (detail["steps"]?.array ?? []).flatMap { $0["ordinals"]?.array ?? [] }.compactMap(\.int)
    #expect(consumed == Array(0..<2 * stepCount), "every group is learnt from once")
    #expect(Self.hash(detail) == Self.hash(expected), "the weights differ")
    #expect(Self.hash(detail) != nil)
    try await system.stop()
  }

  private static func hash(_ detail: JSON) -> String? {
    (detail["tasks"]?.array ?? []).first { $0["kind"]?.string == "learn" }?["result"]?["model_sha256"]?.string
  }
}

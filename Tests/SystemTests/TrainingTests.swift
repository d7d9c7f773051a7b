import FoundationEssentials
import OrderedJSON
import Testing

/// Trainings from submission to the exported model, with real processes.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct TrainingTests {
  static let base = Repository.root + "/models/demo-base"

  /// A job file's lines for a small training that learns fast.
  static func settings(
    _ output: String, data: String, steps: Int, prompts: Int = 2, _ more: [String] = []
  ) -> [String] {
    [
      "kind: train", "model: \(base)", "data: \(data)", "output: \(output)", "references: 0",
      "question_types: [Anomaly Detection]", "steps: \(steps)", "prompts_per_step: \(prompts)",
      "group_size: 4",
      "max_new_tokens: 40", "learning_rate: 0.001", "schedule: constant", "trained_part: language", "seed: 7",
    ] + more
  }

  /// A system with a small data set.
  static func prepared(
    workers: Int = 1, learnerRanks: Int = 1, environment: (String) -> [String: String] = { _ in [:] }
  ) async throws -> (RunningSystem, data: String) {
    let system = try await RunningSystem.start(
      workers: workers, learnerRanks: learnerRanks, environment: environment)
    let data = system.scratch.path + "/data"
    let made = try await system.program.run([
      "data", "generate", "--output", data, "--seed", "5", "--training", "40", "--held-out", "16", "--inbox",
      "1",
    ])
    try #require(made.code == 0, "\(made.error)")
    return (system, data)
  }

  static func result(_ detail: JSON) -> JSON? {
    (detail["tasks"]?.array ?? []).first { $0["kind"]?.string == "learn" }?["result"]
  }

  /// What every step measured under a name; steps that did not are left out.
  static func metric(_ name: String, _ detail: JSON) -> [Double] {
    (detail["steps"]?.array ?? []).compactMap { $0["metrics"]?[name]?.double }
  }

  @Test(
    "Supervised fine-tuning imitates the answers, measures itself on held-out pictures and keeps the best version"
  )
  func supervised() async throws {
    let (system, data) = try await Self.prepared()
    let job = try await system.submit(
      Self.settings(
        "sft", data: data + "/train", steps: 12,
        [
          "method: sft", "save_every: 5",
          "validation: {data: \(data)/heldout, every: 4, limit: 12, metric: accuracy}",
        ]))
    let detail = try await system.succeed(job)
    let loss = Self.metric("loss", detail)
    #expect(loss.count == 12 && (loss.last ?? 9) < 0.5 * (loss.first ?? 0), "\(loss)")
    let measured = Self.metric("validation/accuracy", detail)
    #expect(measured.count == 3 && measured.allSatisfy { (0...1).contains($0) })
    let result = try #require(Self.result(detail))
    let best = try #require(result["best"])
    #expect(best["value"]?.double == measured.max())
    // Of the language part alone the exported model holds all.
    for folder in [result["model"]?.string, best["model"]?.string].compactMap({ $0 }) {
      let model = try await system.program.document(["model", "inspect", folder])
      #expect((model["parameters"]?.int ?? 0) > 1_000_000)
    }
    // Nobody samples, so only states and measured versions are published.
    let kept = try await system.program.document(["checkpoint", "ls", system.scratch.path + "/sft"])
    let steps = Set((kept.array ?? []).compactMap { $0["step"]?.int })
    #expect(steps.isSubset(of: [4, 5, 8, 10, 12]) && steps.contains(12))
    try await system.stop()
  }

  @Test(
    "An adapter is trained beside the model, published alone, merged on export, and survives a killed learner"
  )
  func adapter() async throws {
    let (system, data) = try await Self.prepared(environment: { ["AR1_LEARNER_DIES_AT": $0 + "/deaths"] })
    func settings(_ output: String) -> [String] {
      Self.settings(
        output, data: data + "/train", steps: 4,
        ["lora: {rank: 4, alpha: 8}", "save_every: 2", "learning_rate: 0.01"]
      ).filter { $0 != "trained_part: language" && $0 != "learning_rate: 0.001" } + ["trained_part: lora"]
    }
    let quiet = try #require(
      Self.result(try await system.succeed(try await system.submit(settings("quiet")))))
    let deaths = system.scratch.path + "/deaths"
    try FileManager.default.createDirectory(atPath: deaths, withIntermediateDirectories: true)
    _ = FileManager.default.createFile(atPath: deaths + "/recorded-3", contents: nil)
    let killed = Self.result(try await system.succeed(try await system.submit(settings("killed"))))
    #expect(killed?["model_sha256"]?.string == quiet["model_sha256"]?.string)

    let checkpoints = try await system.program.document(["checkpoint", "ls", system.scratch.path + "/quiet"])
    let newest = try #require(checkpoints.array?.last)
    #expect((newest["plain_bytes"]?.int ?? .max) < 2_000_000, "an adapter's state is small")
    let exported = system.scratch.path + "/exported"
    let export = try await system.program.document([
      "checkpoint", "export", try #require(newest["folder"]?.string), "--output", exported,
    ])
    #expect(export["step"] == newest["step"] && (export["tensors"]?.int ?? 0) > 0)
    let merged = FileManager.default.contents(atPath: system.scratch.path + "/quiet/model/model.safetensors")
    #expect(merged != nil && merged == FileManager.default.contents(atPath: exported + "/model.safetensors"))
    #expect(merged != FileManager.default.contents(atPath: Self.base + "/model.safetensors"))
    let files = try FileManager.default.contentsOfDirectory(atPath: system.scratch.path + "/quiet/adapter")
    #expect(Set(files) == ["adapter_config.json", "adapter_model.safetensors", "trained-on.json"])
    // Every form of the model says what it was trained on.
    let record = FileManager.default.contents(atPath: system.scratch.path + "/quiet/adapter/trained-on.json")
    for folder in ["quiet/model", "exported"] {
      #expect(
        record != nil
          && record
            == FileManager.default.contents(atPath: "\(system.scratch.path)/\(folder)/trained-on.json")
      )
    }
    try await system.stop()
  }

  @Test("A fork with the same settings ends with the weights of the training it left")
  func fork() async throws {
    let (system, data) = try await Self.prepared()
    let job = try await system.submit(
      Self.settings("run", data: data + "/train", steps: 6, ["save_every: 3"]))
    let whole = try #require(Self.result(try await system.succeed(job)))
    let missing = try await system.program.run(["fork", "\(job)", "--from", "2"])
    #expect(missing.code != 0 && missing.error.contains("there are those of steps 3, 6"), "\(missing.error)")
    let record = try await system.program.document(["fork", "\(job)", "--from", "3", "--output", "fork"])
    let fork = try #require(record["id"]?.int)
    let detail = try await system.succeed(fork)
    let steps = (detail["steps"]?.array ?? []).compactMap { $0["step"]?.int }
    #expect(steps == [4, 5, 6])
    #expect(Self.result(detail)?["model_sha256"]?.string == whole["model_sha256"]?.string)
    // With another learning rate it goes elsewhere.
    let other = try await system.program.document([
      "fork", "\(job)", "--from", "3", "--output", "other", "--set", "learning_rate=0.0001",
    ])
    let slower = Self.result(try await system.succeed(try #require(other["id"]?.int)))
    #expect(slower?["model_sha256"]?.string != whole["model_sha256"]?.string)
    try await system.stop()
  }

  @Test("A fork that waits for the learner of the training it leaves finds its state when that has ended")
  func waitingFork() async throws {
    let (system, data) = try await Self.prepared()
    let job = try await system.submit(
      Self.settings("run", data: data + "/train", steps: 40, ["save_every: 2"]))
    let states = "\(system.scratch.path)/run/checkpoints/run-\(job)"
    func newest() -> Int? {
      ((try? FileManager.default.contentsOfDirectory(atPath: states)) ?? []).filter { $0.hasPrefix("state-") }
        .compactMap { Int($0.split(separator: "-")[1]) }.max()
    }
    try await system.until("there is a state") { newest() != nil }
    var record: JSON?
    // The newest state may have gone before the job is submitted, but not every time.
    try await system.until("a fork is submitted") {
      guard let step = newest() else { return false }
      record = try? await system.program.document([
        "fork", "\(job)", "--from", "\(step)", "--output", "fork", "--set", "steps=\(step + 1)",
      ])
      return record != nil
    }
    let fork = try #require(record?["id"]?.int)
    let detail = try await system.succeed(fork)
    #expect((detail["steps"]?.array ?? []).count == 1)
    #expect(
      (try await system.detail(job))["job"]?["state"]?.string == "succeeded", "the learner had been busy")
    try await system.stop()
  }

  @Test("A policy far from its reference goes on learning, and the log says which measurement cannot be told")
  func farFromReference() async throws {
    let (system, data) = try await Self.prepared()
    let job = try await system.submit(
      Self.settings(
        "far", data: data + "/train", steps: 2,
        [
          "learning_rate: 1", "inner_iterations: 3", "max_gradient_norm: 0", "kl_estimator: k1",
          "beta: 0.001",
        ]
      ).filter { $0 != "learning_rate: 0.001" })
    let detail = try await system.succeed(job)
    #expect(Self.metric("loss", detail).count == 2 && Self.metric("kl", detail).count < 2)
    let log = try await system.program.run(["logs", "\(job)"]).output
    #expect(log.contains("step 1: kl cannot be told"), "\(log)")
    try await system.stop()
  }

  @Test("A training stops early when held-out pictures get no better")
  func earlyStop() async throws {
    let (system, data) = try await Self.prepared()
    // A rate of 0 makes no version better than the first.
    let job = try await system.submit(
      Self.settings(
        "still", data: data + "/train", steps: 40,
        [
          "method: sft", "learning_rate: 0",
          "validation: {data: \(data)/heldout, every: 2, limit: 4, patience: 2}",
        ]
      ).filter { $0 != "learning_rate: 0.001" })
    let detail = try await system.succeed(job)
    #expect((detail["steps"]?.array ?? []).count == 6)
    let best = Self.result(detail)?["best"]
    #expect(best?["step"]?.int == 2 && best?["metric"]?.string == "accuracy")
    let kept = try await system.program.run(["checkpoint", "ls", "still"]).output
    #expect(kept.contains("state-000006-"), "a fork may go on from its end: \(kept)")
    try await system.stop()
  }

  @Test("Boxes in rows of a file are learnt by imitation and by reward, and their groups can be scored again")
  func grounding() async throws {
    let (system, data) = try await Self.prepared()
    let root = data + "/train"
    let pictures = try FileManager.default.subpathsOfDirectory(atPath: root).filter { $0.hasSuffix(".png") }
      .sorted()
    let rows = pictures.prefix(8).enumerated().map { index, name in
      "{\"image\": \"\(name)\", \"problem\": \"Where is it?\", \"solution\": [\(4 + index), 8, 60, 70]}"
    }
    let file = try system.scratch.write(rows.joined(separator: "\n"), to: "rows.jsonl")
    func settings(_ output: String, _ more: [String]) -> [String] {
      Self.settings(output, data: file, steps: 3, ["images: \(root)"] + more)
        .filter { !$0.hasPrefix("question_types") }
    }
    let imitated = try await system.succeed(
      try await system.submit(
        settings("sft", ["method: sft", "validation: {data: \(file), images: \(root), every: 3}"])))
    #expect(Self.metric("validation/iou", imitated).count == 1)
    let job = try await system.submit(settings("grpo", ["reward: iou + 0.1 * format"]))
    let rewarded = try await system.succeed(job)
    #expect(Self.metric("answers/iou", rewarded).count == 3)
    #expect(Self.metric("reward/format", rewarded).count == 3)
    let again = try await system.program.document(["rescore", "\(job)", "--reward", "iou"])
    #expect(again["groups"]?.int == 6)
    let samples = try await system.program.document(["samples", "\(job)", "--step", "1"])
    #expect(samples.array?.first?["answer"]?.string?.hasPrefix("[") == true)
    // Options have no boxes: refused when the data is looked at.
    let wrong = try await system.submit(settings("wrong", ["reward: roam"]))
    _ = try await system.program.run(["wait", "\(wrong)"])
    let failure = try await system.detail(wrong)["job"]?["failure"]?["message"]?.string
    #expect(failure?.contains("needs options") == true, "\(failure ?? "no failure")")
    try await system.stop()
  }

  @Test(
    "A rollout job writes groups with rewards to a file, which another reward scores without a queue of answers"
  )
  func rollouts() async throws {
    let (system, data) = try await Self.prepared()
    let job = try await system.submit([
      "kind: rollout", "model: \(Self.base)", "data: \(data)/train", "output: groups", "references: 0",
      "question_types: [Anomaly Detection]", "count: 6", "group_size: 3", "max_new_tokens: 40",
      "shard_size: 4",
      "reward: roam + 0.5 * format",
    ])
    _ = try await system.succeed(job)
    let groups = try Program.text(system.scratch.path + "/groups/groups.jsonl").split(separator: "\n")
      .map { try JSON(parsing: Array($0.utf8)) }
    #expect(groups.compactMap { $0["ordinal"]?.int } == Array(0..<6))
    let answers = groups.flatMap { $0["completions"]?.array ?? [] }
    #expect(answers.count == 18)
    for answer in answers {
      let parts = (answer["parts"]?.members ?? []).compactMap(\.value.double)
      #expect(parts.count == 2 && abs(parts.reduce(0, +) - (answer["reward"]?.double ?? -1)) < 1e-9)
      #expect(answer["log_probabilities"]?.array?.count == answer["tokens"]?.array?.count)
    }
    let again = try await system.program.document(["rescore", "\(job)", "--reward", "classical"])
    #expect(again["groups"]?.int == 6 && again["answers"]?.int == 18)
    let samples = try await system.program.document(["samples", "\(job)"])
    #expect(samples.array?.count == 6 && samples.array?.first?["replies"]?.array?.count == 3)
    try await system.stop()
  }

  @Test("A dry run tells batch, tokens, memory and disk, and refuses what cannot fit; nothing is submitted")
  func dryRun() async throws {
    let scratch = try Scratch()
    let program = Program(path: Program.built, folder: scratch.path)
    let made = try await program.run([
      "data", "generate", "--output", "data", "--seed", "5", "--training", "8",
    ])
    try #require(made.code == 0, "\(made.error)")
    let job = [
      "train", "--model", Self.base, "--data", "data/train", "--output", "out", "--references", "0",
      "--dry-run",
    ]
    let forecast = try await program.document(job)
    #expect(forecast["fits"] == true && forecast["answers_per_step"]?.int == 64)
    #expect((forecast["prompt_tokens"]?["longest"]?.int ?? 0) > 50)
    let small = try await program.run(job + ["--memory", "0.01"])
    #expect(small.code == 1 && small.error.contains("does not fit: the learner needs"), "\(small.error)")
    let text = try await program.run(job)
    #expect(
      text.code == 0 && text.output.contains("AdamW's moments") && text.output.contains("8 prompts × 8"))
    // A GPU keeps the policy's own numbers of what was read and drawn, the processor float32.
    func kept(_ resources: String) async throws -> Int? {
      let file = """
        {kind: train, model: "\(Self.base)", data: data/train, output: out, references: 0, dtype: bfloat16\(resources)}
        """
      let job = try scratch.write(file, to: "job.yaml")
      return try await program.document(["submit", job, "--dry-run"])["rollout_worker"]?["keys and values"]?
        .int
    }
    let onProcessor = try #require(try await kept(""))
    #expect(try await kept(", resources: {gpu: 1}") == onProcessor / 2)
    let long = try await program.run(job + ["--max-new-tokens", "32000"])
    #expect(long.code != 0 && long.error.contains("tokens"), "\(long.error)")
  }
}

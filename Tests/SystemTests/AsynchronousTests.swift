import FoundationEssentials
import OrderedJSON
import Testing

/// Learning from groups of older versions, and dying at every point of a step.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct AsynchronousTests {
  @Test(
    "With staleness 2 every group is learnt from once, none is older than allowed, and a killed worker costs nothing"
  )
  func staleness() async throws {
    let (system, data) = try await TrainingTests.prepared(workers: 2)
    let steps = 48
    let job = try await system.submit(
      TrainingTests.settings(
        "stale", data: data + "/train", steps: steps,
        ["staleness: 2", "prompts_per_task: 1", "save_every: 8"]))
    try await system.killWorker(taking: "rollout-group", afterSteps: 2, of: job)
    let detail = try await system.succeed(job)
    let ordinals = (detail["steps"]?.array ?? []).flatMap { $0["ordinals"]?.array ?? [] }.compactMap(\.int)
    #expect(ordinals == Array(0..<2 * steps), "every group is learnt from once, in order")
    let ages = TrainingTests.metric("staleness/max", detail)
    #expect(ages.count == steps && ages.allSatisfy { (0...2).contains($0) }, "\(ages)")
    #expect((ages.max() ?? 0) > 0, "the workers run ahead of the learner")
    let gaps = TrainingTests.metric("sampler/gap", detail)
    #expect(
      gaps.count == steps && gaps.contains { $0 > 1e-3 }, "an older sampler computes other probabilities")
    // A step consists of what it says: group by group the behaviour version is there to read.
    let samples = try await system.program.document(["samples", "\(job)", "--step", "\(steps)"])
    let versions = (samples.array ?? []).compactMap { $0["behaviour_version"]?.int }
    #expect(
      versions.count == 2 && versions.allSatisfy { (steps - 3...steps - 1).contains($0) }, "\(versions)")
    try await system.stop()
  }

  @Test(
    "A learner that dies at every commit point of its steps ends with the same weights as an undisturbed one")
  func commitPoints() async throws {
    let points = [
      "groups-read-1", "learnt-2", "drafted-3", "published-4", "recorded-5", "cleaned-6", "exporting-7",
    ]
    let (system, data) = try await TrainingTests.prepared(environment: {
      ["AR1_LEARNER_DIES_AT": $0 + "/deaths"]
    })
    let deaths = system.scratch.path + "/deaths"
    func settings(_ output: String) -> [String] {
      // States at 3 and 6, so that resuming both replays and does not.
      TrainingTests.settings(output, data: data + "/train", steps: 7, ["save_every: 3"])
    }
    let expected = TrainingTests.result(try await system.succeed(try await system.submit(settings("quiet"))))
    try FileManager.default.createDirectory(atPath: deaths, withIntermediateDirectories: true)
    for point in points { _ = FileManager.default.createFile(atPath: "\(deaths)/\(point)", contents: nil) }
    let job = try await system.submit(settings("dying"))
    let detail = try await system.succeed(job)
    #expect(try FileManager.default.contentsOfDirectory(atPath: deaths) == [], "it died at every point")
    let steps = (detail["steps"]?.array ?? []).compactMap { $0["step"]?.int }
    #expect(steps == Array(1...7), "every step is recorded once")
    #expect(TrainingTests.result(detail)?["model_sha256"]?.string == expected?["model_sha256"]?.string)
    #expect(expected?["model_sha256"]?.string != nil)
    let checked = try await system.program.run(["checkpoint", "verify", system.scratch.path + "/dying"])
    #expect(checked.code == 0, "\(checked.output)\(checked.error)")
    let left = try FileManager.default.subpathsOfDirectory(atPath: system.scratch.path + "/dying")
      .filter { $0.contains(".draft") || $0.contains(".model-e") }
    #expect(left == [], "nothing half written is left")

    // Supervised fine-tuning has no groups to replay and few versions to go back to.
    func imitating(_ output: String) -> [String] { settings(output) + ["method: sft"] }
    let calm = TrainingTests.result(try await system.succeed(try await system.submit(imitating("calm"))))
    for point in ["recorded-2", "learnt-5"] {
      _ = FileManager.default.createFile(atPath: "\(deaths)/\(point)", contents: nil)
    }
    let again = try await system.succeed(try await system.submit(imitating("interrupted")))
    #expect(try FileManager.default.contentsOfDirectory(atPath: deaths) == [])
    #expect(TrainingTests.result(again)?["model_sha256"]?.string == calm?["model_sha256"]?.string)
    try await system.stop()
  }

  @Test("A cancelled training is resumed where it was and ends with the same weights")
  func resume() async throws {
    let (system, data) = try await TrainingTests.prepared()
    func settings(_ output: String) -> [String] {
      TrainingTests.settings(output, data: data + "/train", steps: 30, ["save_every: 4"])
    }
    let expected = TrainingTests.result(try await system.succeed(try await system.submit(settings("quiet"))))
    let job = try await system.submit(settings("cancelled"))
    try await system.until("five steps are recorded") {
      (try await system.detail(job)["steps"]?.array ?? []).count >= 5
    }
    _ = try await system.program.document(["cancel", "\(job)"])
    _ = try await system.program.document(["resume", "\(job)"])
    let detail = try await system.succeed(job)
    let steps = (detail["steps"]?.array ?? []).compactMap { $0["step"]?.int }
    #expect(steps == Array(1...30))
    #expect(TrainingTests.result(detail)?["model_sha256"]?.string == expected?["model_sha256"]?.string)
    try await system.stop()
  }

  @Test(
    "A full state that has been damaged is passed over for the one before, and for the start, with the same weights"
  )
  func damagedStates() async throws {
    let (system, data) = try await TrainingTests.prepared()
    func settings(_ output: String) -> [String] {
      TrainingTests.settings(output, data: data + "/train", steps: 40, ["save_every: 5"])
    }
    let expected = TrainingTests.result(try await system.succeed(try await system.submit(settings("quiet"))))
    for (output, atLeast) in [("second", 12), ("only", 6)] {
      let job = try await system.submit(settings(output))
      try await system.until("\(atLeast) steps are recorded") {
        (try await system.detail(job)["steps"]?.array ?? []).count >= atLeast
      }
      _ = try await system.program.document(["cancel", "\(job)"])
      try await system.until("the learner has let go") {
        try await system.detail(job)["job"]?["state"]?.string == "cancelled"
      }
      let folder = "\(system.scratch.path)/\(output)/checkpoints/run-\(job)"
      let states = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
        $0.hasPrefix("state-")
      }
      .sorted()
      let payload = "\(folder)/\(try #require(states.last))/payload.zst"
      var bytes = Array(try #require(FileManager.default.contents(atPath: payload)))
      for place in 50_000..<50_064 { bytes[place] ^= 0xFF }
      try Data(bytes).write(to: URL(filePath: payload))
      if states.count > 1, output == "only" {
        try FileManager.default.removeItem(atPath: "\(folder)/\(states[0])")
      }
      // Whoever samples from now on has nothing in memory to apply a difference to.
      try await system.killWorker(taking: "rollout-group", afterSteps: atLeast, of: job)
      _ = try await system.program.document(["resume", "\(job)"])
      let detail = try await system.succeed(job)
      #expect(TrainingTests.result(detail)?["model_sha256"]?.string == expected?["model_sha256"]?.string)
      let log = try await system.program.run(["logs", "\(job)"]).output
      for words in ["is passed over", "is whole again", "byte for byte"] {
        #expect(log.contains(words), "\(log)")
      }
    }
    try await system.stop()
  }

  @Test("A learner of two processes under MPI takes the steps of one, and survives the death of a process")
  func mpi() async throws {
    func settings(_ output: String, data: String, steps: Int) -> [String] {
      TrainingTests.settings(
        output, data: data + "/train", steps: steps,
        ["prompts_per_pass: 1", "save_every: 4", "trained_part: all"]
      ).filter { $0 != "trained_part: language" }
    }
    let (one, data) = try await TrainingTests.prepared()
    let alone = try await one.succeed(try await one.submit(settings("alone", data: data, steps: 1)))
    try await one.stop()

    let (two, same) = try await TrainingTests.prepared(learnerRanks: 2)
    let job = try await two.submit(settings("together", data: same, steps: 24))
    try await two.killWorker(of: job, running: "learn") { ($0["steps"]?.array?.count ?? 0) >= 2 }
    let together = try await two.succeed(job)
    for name in ["reward/mean", "loss", "kl", "entropy", "gradient_norm"] {
      let (a, b) = (TrainingTests.metric(name, alone)[0], TrainingTests.metric(name, together)[0])
      #expect(abs(a - b) <= 1e-3 * max(1e-3, abs(a)), "\(name) of the first step: \(a) and \(b)")
    }
    let steps = (together["steps"]?.array ?? []).compactMap { $0["step"]?.int }
    #expect(steps == Array(1...24))
    #expect(TrainingTests.metric("seconds/learn/exchange", together).allSatisfy { $0 > 0 })
    try await two.stop()
  }
}

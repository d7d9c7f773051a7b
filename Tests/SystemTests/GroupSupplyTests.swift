import FoundationEssentials
import Glibc
import OrderedJSON
import Testing

/// Where a step's groups come from: prompts asked in place of others, and workers that stand still.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct GroupSupplyTests {
  private static func ordinals(_ detail: JSON) -> [[Int]] {
    (detail["steps"]?.array ?? []).map { ($0["ordinals"]?.array ?? []).compactMap(\.int) }
  }

  @Test(
    "Groups that teach nothing are left out and others asked for in their place, within the bound, and replayed alike"
  )
  func resampling() async throws {
    let (system, data) = try await TrainingTests.prepared(environment: {
      ["AR1_LEARNER_DIES_AT": $0 + "/deaths"]
    })
    func settings(_ output: String) -> [String] {
      TrainingTests.settings(
        output, data: data + "/train", steps: 8, ["min_reward_std: 0", "resample: 2", "save_every: 5"])
    }
    let quiet = try await system.succeed(try await system.submit(settings("quiet")))
    let resampled = TrainingTests.metric("groups/resampled", quiet)
    let dropped = TrainingTests.metric("groups/dropped", quiet)
    #expect((resampled.max() ?? 0) > 0, "no group was without variance")
    for (index, ordinals) in Self.ordinals(quiet).enumerated() {
      let kept = (1 - dropped[index]) * Double(ordinals.count)
      #expect(Array(ordinals.prefix(2)) == [2 * index, 2 * index + 1])
      #expect(ordinals.count == 2 + Int(resampled[index]) && ordinals.count <= 6)
      #expect(ordinals.dropFirst(2).allSatisfy { $0 >= 16 })
      #expect(
        kept < 2.001 && (kept > 1.999 || ordinals.count > 2), "step \(index + 1): \(kept) of \(ordinals)")
    }
    let used = Self.ordinals(quiet).joined()
    #expect(Set(used).count == used.count, "every group is used once")
    let busiest = try #require(resampled.firstIndex { $0 > 0 }) + 1
    let shown = try await system.program.document(["samples", "1", "--step", "\(busiest)"])
    #expect(shown.array?.count == Self.ordinals(quiet)[busiest - 1].count)

    let deaths = system.scratch.path + "/deaths"
    try FileManager.default.createDirectory(atPath: deaths, withIntermediateDirectories: true)
    for point in ["groups-read-3", "recorded-4"] {
      _ = FileManager.default.createFile(atPath: "\(deaths)/\(point)", contents: nil)
    }
    let killed = try await system.succeed(try await system.submit(settings("killed")))
    #expect(Self.ordinals(killed) == Self.ordinals(quiet))
    #expect(
      TrainingTests.result(killed)?["model_sha256"]?.string
        == TrainingTests.result(quiet)?["model_sha256"]?.string)
    try await system.stop()
  }

  @Test(
    "A rollout worker that stands still loses its groups to others, what it delivers late is refused, and nothing differs"
  )
  func stalled() async throws {
    let (system, data) = try await TrainingTests.prepared(workers: 2)
    let steps = 16
    func settings(_ output: String) -> [String] {
      // One prompt a task, so that both workers have some; long enough to be caught in the middle.
      TrainingTests.settings(
        output, data: data + "/train", steps: steps, ["prompts_per_task: 1", "save_every: 8"]
      ).map { $0 == "group_size: 4" ? "group_size: 24" : $0 }
    }
    let quiet = try await system.succeed(try await system.submit(settings("quiet")))
    let job = try await system.submit(settings("stalled"))
    let (process, session, task) = try await system.stopWorker(of: job, running: "rollout-group") {
      ($0["steps"]?.array?.count ?? 0) >= 2
    }
    let before = (try await system.detail(job)["steps"]?.array ?? []).count
    try await system.untilLost(session)
    // The step that waited for the group goes on while the worker still stands.
    try await system.until("others have answered in its place") {
      (try await system.detail(job)["steps"]?.array ?? []).count > before
    }
    #expect(kill(pid_t(process), SIGCONT) == 0)
    let detail = try await system.succeed(job)
    #expect(Self.ordinals(detail).flatMap(\.self) == Array(0..<2 * steps), "every group is learnt from once")
    let held = try #require((detail["tasks"]?.array ?? []).first { $0["id"]?.int == task })
    #expect(held["state"]?.string == "succeeded" && (held["interruptions"]?.int ?? 0) >= 1)
    #expect(held["attempt"]?.int == 1, "an interruption cost an attempt")
    #expect(
      TrainingTests.result(detail)?["model_sha256"]?.string
        == TrainingTests.result(quiet)?["model_sha256"]?.string)
    try await system.stop()
  }

  @Test("A worker that could not begin another run samples the first one from its own model again")
  func otherRunFails() async throws {
    let (system, data) = try await TrainingTests.prepared()
    let files = FileManager.default
    let other = system.scratch.path + "/other-data"
    try files.copyItem(atPath: data + "/train", toPath: other)
    func settings(_ output: String, data: String, steps: Int, _ more: [String] = []) -> [String] {
      TrainingTests.settings(output, data: data, steps: steps, ["lora: {rank: 4, alpha: 8}"] + more)
        .map { $0 == "trained_part: language" ? "trained_part: lora" : $0 }
    }
    let first = try await system.succeed(
      try await system.submit(settings("first", data: data + "/train", steps: 8)))
    let model = try #require(TrainingTests.result(first)?["model"]?.string)

    let job = try await system.submit(settings("own", data: data + "/train", steps: 30))
    try await system.until("three steps are recorded") {
      (try await system.detail(job)["steps"]?.array ?? []).count >= 3
    }
    _ = try await system.program.document(["cancel", "\(job)"])
    // The other run's learner finds its data; the worker, once it is asked, does not.
    let workers = try await system.program.document(["workers"])["workers"]?.array ?? []
    let sampler = try #require(
      workers.first { ($0["kinds"]?.array ?? []).contains { $0.string == "rollout-group" } }?["process"]?.int)
    #expect(kill(pid_t(sampler), SIGSTOP) == 0)
    let failing = try await system.submit(
      settings("failing", data: other, steps: 8).map { $0.hasPrefix("model: ") ? "model: \(model)" : $0 })
    try await system.until("groups are asked for") {
      (try await system.detail(failing)["tasks"]?.array ?? []).contains {
        $0["kind"]?.string == "rollout-group"
      }
    }
    try files.moveItem(atPath: other, toPath: other + "-gone")
    #expect(kill(pid_t(sampler), SIGCONT) == 0)
    #expect(try await system.program.run(["wait", "\(failing)"]).code != 0)

    _ = try await system.program.document(["resume", "\(job)"])
    let gaps = TrainingTests.metric("sampler/gap", try await system.succeed(job))
    #expect(gaps.count == 30 && gaps.allSatisfy { $0 < 1e-3 }, "\(gaps)")
    try await system.stop()
  }
}

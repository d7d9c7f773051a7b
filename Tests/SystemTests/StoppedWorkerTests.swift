import FoundationEssentials
import Glibc
import OrderedJSON
import Testing

/// A worker that is stopped in the middle of its work and continues after its lease has gone to another.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct StoppedWorkerTests {
  @Test("A worker stopped past its lease commits nothing when it goes on, and comes back under a new session")
  func stopped() async throws {
    let system = try await RunningSystem.start(workers: 2)
    let data = system.scratch.path + "/data"
    let made = try await system.program.run([
      "data", "generate", "--output", data, "--seed", "5", "--training", "8", "--held-out", "240", "--inbox",
      "8",
    ])
    try #require(made.code == 0, "\(made.error)")
    let job = try await system.submit([
      "kind: eval", "model: \(Repository.root)/models/demo-base", "data: \(data)/heldout", "output: eval",
      "references: 0", "max_new_tokens: 48",
      // Shards that take long enough to be caught in the middle, on a fast machine too.
      "shard_size: 60",
    ])
    // The worker that runs a shard, and its session; one that had just finished is let go on.
    var (process, session, task) = (0, 0, 0)
    try await system.until("a worker is stopped in the middle of a shard") {
      let running = try await Self.runningShards(of: job, system)
      if try await system.detail(job)["job"]?["state"]?.string == "succeeded" {
        throw SystemError("job \(job) ended before a worker was stopped")
      }
      for worker in try await system.program.document(["workers"])["workers"]?.array ?? [] {
        let tasks = (worker["tasks"]?.array ?? []).compactMap(\.int)
        guard let held = tasks.first(where: { running.contains($0) }), let number = worker["process"]?.int
        else { continue }
        #expect(kill(pid_t(number), SIGSTOP) == 0)
        // Twice, because a completion may have been on its way.
        let before = try await Self.runningShards(of: job, system)
        let after = try await Self.runningShards(of: job, system)
        if before.contains(held), after.contains(held) {
          (process, session, task) = (number, worker["session"]?.int ?? 0, held)
          return true
        }
        #expect(kill(pid_t(number), SIGCONT) == 0)
      }
      return false
    }
    try await system.until("its lease is over") {
      let workers = try await system.program.document(["workers", "--all"])["workers"]?.array ?? []
      return workers.contains { $0["session"]?.int == session && $0["alive"] == .bool(false) }
    }
    #expect(kill(pid_t(process), SIGCONT) == 0)
    let detail = try await system.succeed(job)
    try await system.until("it has come back under a new session") {
      let workers = try await system.program.document(["workers"])["workers"]?.array ?? []
      return workers.contains { $0["process"]?.int == process && ($0["session"]?.int ?? 0) > session }
    }
    let held = try #require((detail["tasks"]?.array ?? []).first { $0["id"]?.int == task })
    #expect(held["state"]?.string == "succeeded" && (held["interruptions"]?.int ?? 0) >= 1)
    #expect(held["attempt"]?.int == 1, "an interruption cost an attempt")
    // One answer to each question, and every announced file is that of the epoch that committed.
    let answers =
      try JSON(
        parsing: Array(Program.text(system.scratch.path + "/eval/answers.json").utf8)
      ).array ?? []
    let asked = try JSON(parsing: Array(Program.text(data + "/heldout/mmad.json").utf8)).members ?? []
    #expect(answers.count == asked.reduce(0) { $0 + ($1.value["conversation"]?.array?.count ?? 0) })
    for artifact in detail["artifacts"]?.array ?? [] where artifact["kind"]?.string == "shard" {
      let path = artifact["path"]?.string ?? ""
      #expect(path.contains("-e\(artifact["epoch"]?.int ?? -1)."), "\(path)")
    }
    try await system.stop()
  }

  private static func runningShards(of job: Int, _ system: RunningSystem) async throws -> [Int] {
    (try await system.detail(job)["tasks"]?.array ?? []).filter {
      $0["state"]?.string == "running" && $0["kind"]?.string == "shard"
    }.compactMap { $0["id"]?.int }
  }
}

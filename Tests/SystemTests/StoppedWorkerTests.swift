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
    let (process, session, task) = try await system.stopWorker(of: job, running: "shard")
    try await system.untilLost(session)
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
}

import FoundationEssentials
import Glibc
import LocalPostgres
import OrderedJSON
import Testing

/// A training that gives its places to another lab's and takes them again, with real processes.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct GivingWayTests {
  private let scratch: Scratch
  private let program: Program

  init() throws {
    scratch = try Scratch()
    program = Program(path: Program.built, folder: scratch.path)
  }

  /// A lab as its member sees it.
  private struct Lab {
    let program: Program
    let scratch: Scratch
    let connection: [String]

    func submit(_ lines: [String]) async throws -> Int {
      let file = try scratch.write(
        lines.joined(separator: "\n") + "\n", to: "job-\(UUID().uuidString).yaml")
      return try #require(try await program.document(["submit", file] + connection)["id"]?.int)
    }

    func detail(_ job: Int) async throws -> JSON {
      try await program.document(["show", "\(job)"] + connection)
    }

    func succeed(_ job: Int) async throws -> JSON {
      let run = try await program.run(["wait", "\(job)"] + connection)
      if run.code != 0 {
        throw SystemError(
          "job \(job): \(run.error)\(try await program.run(["logs", "\(job)"] + connection).output)")
      }
      return try await detail(job)
    }
  }

  @Test(
    "A learner asked to give way saves its state, its gang's places go to the lab they are due, and it ends as undisturbed"
  )
  func learner() async throws {
    let server = try await LocalPostgres.start(folder: scratch.path + "/pg", options: .init(durable: false))
    let coordinator = try CoordinatorProcess.start(
      "coordinator", on: server, program, ["--minimum-run", "0s"])
    let url = try await coordinator.url()
    let worker = try await CoordinatorProcess.secret("worker", lab: "pool", on: server, scratch, program)
    let workers = try [("learner", "learn"), ("rollout", "rollout-group")].map { name, kinds in
      try program.start(
        ["worker", "--url", url, "--token-file", worker, "--name", name, "--kinds", kinds],
        output: scratch.path + "/\(name).log", error: scratch.path + "/\(name).log")
    }
    func lab(_ name: String) async throws -> Lab {
      let token = try await CoordinatorProcess.secret("member", lab: name, on: server, scratch, program)
      return Lab(program: program, scratch: scratch, connection: ["--url", url, "--token-file", token])
    }
    let (borrower, owner) = (try await lab("borrower"), try await lab("owner"))
    let admin = try await CoordinatorProcess.secret("admin", lab: "pool", on: server, scratch, program)
    let quota = try await program.run([
      "quota", "set", "owner", "--device", "cpu", "--nominal", "2", "--reason", "the test", "--url", url,
      "--token-file", admin,
    ])
    #expect(quota.code == 0, "\(quota.error)")
    let data = scratch.path + "/data"
    let made = try await program.run([
      "data", "generate", "--output", data, "--seed", "5", "--training", "40", "--held-out", "1", "--inbox",
      "1",
    ])
    try #require(made.code == 0, "\(made.error)")
    func settings(_ output: String, steps: Int) -> [String] {
      // The only states are those asked for and the last.
      TrainingTests.settings(output, data: data + "/train", steps: steps, ["save_every: 1000"])
    }
    let expected = TrainingTests.result(
      try await borrower.succeed(try await borrower.submit(settings("quiet", steps: 48))))

    let disturbed = try await borrower.submit(settings("disturbed", steps: 48))
    while (try await borrower.detail(disturbed)["steps"]?.array ?? []).count < 2 {
      try await Task.sleep(for: .milliseconds(20))
    }
    let due = try await owner.submit(settings("due", steps: 2))
    let owned = try await owner.succeed(due)
    let interrupted = try await borrower.detail(disturbed)
    #expect(interrupted["job"]?["state"]?.string != "succeeded", "the owner's training did not have to wait")
    let detail = try await borrower.succeed(disturbed)

    let log = try await program.run(["logs", "\(disturbed)"] + borrower.connection).output
    #expect(log.contains("gives way after step"), "\(log)")
    #expect(log.contains("replaying the rest"), "\(log)")
    #expect(TrainingTests.result(detail)?["model_sha256"]?.string == expected?["model_sha256"]?.string)
    #expect(expected?["model_sha256"]?.string != nil && owned["job"]?["state"]?.string == "succeeded")
    let steps = (detail["steps"]?.array ?? []).compactMap { $0["step"]?.int }
    #expect(steps == Array(1...48), "every step is recorded once")
    let learner = try #require((detail["tasks"]?.array ?? []).first { $0["kind"]?.string == "learn" })
    #expect(learner["attempt"]?.int == 1 && learner["interruptions"]?.int == 0, "it costs no attempt")
    let events = try await program.document(["events", "--job", "\(disturbed)"] + borrower.connection)
    let kinds = (events["events"]?.array ?? []).compactMap { $0["kind"]?.string }
    #expect(kinds.contains("task-preempted") && kinds.contains("task-released"), "\(kinds)")

    for worker in workers {
      worker.signal(SIGTERM)
      #expect(await worker.waitForExit() == .code(0))
    }
    await coordinator.stop()
    try await server.destroy()
  }
}

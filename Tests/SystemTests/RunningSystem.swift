import FoundationEssentials
import Glibc
import LocalPostgres
import OrderedJSON
import Testing

/// `ar1 up` in a folder of its own, from a copy of the binary that lies elsewhere than where it was built.
final class RunningSystem {
  let scratch: Scratch
  let program: Program
  private let child: ChildProcess

  /// Starts and waits until the coordinator and both workers are there.
  ///
  /// - Parameters:
  ///   - folder: where a system ran before; nil takes a new one.
  ///   - environment: for all its processes; made from the folder it runs in.
  static func start(
    workers: Int = 1, learnerRanks: Int = 1, in folder: Scratch? = nil,
    environment: (String) -> [String: String] = { _ in [:] }
  ) async throws -> RunningSystem {
    let scratch = try folder ?? Scratch()
    let moved = scratch.path + "/moved-ar1"
    if folder == nil { try FileManager.default.copyItem(atPath: Program.built, toPath: moved) }
    let program = Program(path: moved, folder: scratch.path)
    let child = try program.start(
      [
        "up", "--listen", "127.0.0.1:0", "--workers", "\(workers)", "--learner-ranks", "\(learnerRanks)",
        "--lease-seconds", "2",
        "--heartbeat-seconds",
        "0.4",
      ], output: scratch.path + "/up.out", error: scratch.path + "/up.err",
      environment: environment(scratch.path))
    let system = RunningSystem(scratch: scratch, program: program, child: child)
    try await system.until("ar1 up is ready") {
      if child.exit != nil { throw SystemError("ar1 up ended: " + Program.text(scratch.path + "/up.err")) }
      return FileManager.default.fileExists(atPath: scratch.path + "/.ar1/connection.json")
    }
    try await system.until("the workers have registered") {
      try await program.document(["workers"])["workers"]?.array?.count == workers + 1
    }
    return system
  }

  private init(scratch: Scratch, program: Program, child: ChildProcess) {
    self.scratch = scratch
    self.program = program
    self.child = child
  }

  /// The process of `ar1 up`.
  var process: Int32 { child.id }

  /// Stops everything in order.
  func stop() async throws {
    beginStop()
    await ended()
  }

  /// Tells it to stop everything; a second time would end it at once.
  func beginStop() { child.signal(SIGTERM) }

  /// How it has ended.
  func exit() async -> ChildProcess.Exit { await child.waitForExit() }

  /// Returns when everything has stopped.
  func ended() async {
    let exit = await child.waitForExit()
    #expect(exit == .code(0), "ar1 up stopped with \(exit): \(Program.text(scratch.path + "/up.err"))")
  }

  /// What it has left for the commands that follow.
  func connection() throws -> JSON {
    try JSON(parsing: Array(Program.text(scratch.path + "/.ar1/connection.json").utf8))
  }

  /// Checks a condition again and again; the suite's time limit ends what never comes.
  func until(_ what: String, _ holds: () async throws -> Bool) async throws {
    while try await !holds() { try await Task.sleep(for: .milliseconds(20)) }
  }

  // MARK: Jobs

  /// Submits a job file made of `lines` and returns its number.
  func submit(_ lines: [String]) async throws -> Int {
    let file = try scratch.write(lines.joined(separator: "\n") + "\n", to: "job-\(UUID().uuidString).yaml")
    let record = try await program.document(["submit", file])
    return try #require(record["id"]?.int)
  }

  func detail(_ job: Int) async throws -> JSON { try await program.document(["show", "\(job)"]) }

  /// Waits for the end of a job that must succeed.
  func succeed(_ job: Int) async throws -> JSON {
    let run = try await program.run(["wait", "\(job)"])
    if run.code != 0 {
      let log = try await program.run(["logs", "\(job)"])
      throw SystemError("job \(job): \(run.error)\(log.output)")
    }
    return try await detail(job)
  }

  /// Kills a process that takes tasks of this kind, whatever it does at the moment, once the job has so many steps.
  func killWorker(taking kind: String, afterSteps count: Int, of job: Int) async throws {
    try await until("job \(job) has \(count) steps") {
      (try await detail(job)["steps"]?.array ?? []).count >= count
    }
    let victim = try await workers().first { worker in
      worker["alive"] == true && (worker["kinds"]?.array ?? []).contains { $0.string == kind }
    }
    #expect(kill(pid_t(try #require(victim?["process"]?.int)), SIGKILL) == 0)
  }

  /// Kills a process in the middle of a task of this kind, as soon as one runs such a task and `moment` holds.
  func killWorker(
    of job: Int, running kind: String, when moment: (JSON) -> Bool = { _ in true }
  ) async throws {
    let victim = try await stopWorker(of: job, running: kind, when: moment)
    #expect(kill(pid_t(victim.process), SIGKILL) == 0)
  }

  /// Stops a process in the middle of a task of this kind; `SIGCONT` lets it go on.
  func stopWorker(
    of job: Int, running kind: String, when moment: (JSON) -> Bool = { _ in true }
  ) async throws -> (process: Int, session: Int, task: Int) {
    var found: (process: Int, session: Int, task: Int)?
    try await until("a worker is stopped in the middle of a \(kind) task") {
      let detail = try await detail(job)
      if detail["job"]?["state"]?.string == "succeeded" {
        throw SystemError("job \(job) ended before a worker was stopped or killed")
      }
      guard moment(detail) else { return false }
      for worker in try await workers() where worker["alive"] == true {
        guard (worker["kinds"]?.array ?? []).contains(where: { $0.string == kind }),
          let process = worker["process"]?.int, kill(pid_t(process), 0) == 0
        else { continue }
        // Stopped first and looked at then: what it holds now it goes on holding.
        #expect(kill(pid_t(process), SIGSTOP) == 0)
        // Twice, because a completion may have been on its way.
        if let held = try await task(of: kind, in: job, heldBy: process),
          try await task(of: kind, in: job, heldBy: process) == held
        {
          found = (process, worker["session"]?.int ?? 0, held)
          return true
        }
        #expect(kill(pid_t(process), SIGCONT) == 0)
      }
      return false
    }
    return try #require(found)
  }

  private func workers() async throws -> [JSON] {
    try await program.document(["workers"])["workers"]?.array ?? []
  }

  /// The task of this kind that a process runs.
  private func task(of kind: String, in job: Int, heldBy process: Int) async throws -> Int? {
    let running = Self.running(kind, in: try await detail(job))
    return try await workers().filter { $0["process"]?.int == process && $0["alive"] == true }
      .flatMap { ($0["tasks"]?.array ?? []).compactMap(\.int) }.first { running.contains($0) }
  }

  private static func running(_ kind: String, in detail: JSON) -> [Int] {
    (detail["tasks"]?.array ?? []).filter { $0["state"]?.string == "running" && $0["kind"]?.string == kind }
      .compactMap { $0["id"]?.int }
  }

  /// Waits until a worker's session has been given up.
  func untilLost(_ session: Int) async throws {
    try await until("the lease of session \(session) is over") {
      let workers = try await program.document(["workers", "--all"])["workers"]?.array ?? []
      return workers.contains { $0["session"]?.int == session && $0["alive"] == .bool(false) }
    }
  }
}

struct SystemError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

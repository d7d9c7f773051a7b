import FoundationEssentials
import Glibc
import LocalPostgres
import OrderedJSON
import Testing

/// One system in one folder, and what becomes of it when somebody starts another, or PostgreSQL dies.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct UpTests {
  @Test(
    "A second start in the folder of a running system, or on its port, is refused and changes nothing there")
  func refusal() async throws {
    let system = try await RunningSystem.start(workers: 0)
    let connection = try system.connection()
    let url = try #require(connection["url"]?.string)

    let second = try await system.program.run(["up", "--listen", "127.0.0.1:0"])
    #expect(second.code != 0)
    #expect(
      second.error.contains("a system runs here already (process \(system.process), \(url))"),
      "\(second.error)")

    let address = String(url.dropFirst("http://".count))
    let taken = "Error: \(address) is taken by another program; choose another with --listen\n"
    let elsewhere = try Scratch()
    let up = try await Program(path: Program.built, folder: elsewhere.path).run(["up", "--listen", address])
    #expect(up.code != 0 && up.error == taken, "\(up.error)")
    let database = try #require(connection["database"]?.string)
    let coordinator = try await system.program.run([
      "coordinator", "--database", database, "--listen", address,
    ])
    #expect(coordinator.code != 0 && coordinator.error.hasSuffix(taken), "\(coordinator.error)")

    #expect(try system.connection() == connection)
    _ = try await system.program.document(["workers"])
    try await system.stop()
    #expect(!Program.text(system.scratch.path + "/up.err").contains("starting it again"))
  }

  @Test("A start while the system in the folder stops waits for its end and then serves")
  func successor() async throws {
    let system = try await RunningSystem.start(workers: 0)
    let workers = try await system.program.document(["workers"])["workers"]?.array ?? []
    let worker = pid_t(try #require(workers.first?["process"]?.int))
    // A worker that stands still keeps the system from ending until the second start has begun to wait.
    kill(worker, SIGSTOP)
    system.beginStop()
    try await system.until("the first one stops") {
      Program.text(system.scratch.path + "/up.err").contains("stopping\n")
        && !FileManager.default.fileExists(atPath: system.scratch.path + "/.ar1/connection.json")
    }
    let next = try Successor(of: system, listen: "127.0.0.1:0")
    try await system.until("the second one waits") {
      try next.said("waiting for the system that is stopping here (process \(system.process))")
    }
    kill(worker, SIGCONT)
    await system.ended()
    try await system.until("the second one is ready") { try next.said("ready;") }
    _ = try await system.program.document(["workers"])
    #expect(await next.stop() == .code(0))
  }

  @Test("A start right after the system was killed waits for what that leaves, and has its folder and port")
  func successorOfAKilledOne() async throws {
    let system = try await RunningSystem.start(workers: 0)
    let connection = try system.connection()
    let url = try #require(connection["url"]?.string)
    let coordinator = try #require(Self.child(of: system.process, running: "coordinator"))
    // Its coordinator keeps the port until the second start has begun to wait.
    kill(coordinator, SIGSTOP)
    kill(system.process, SIGKILL)
    #expect(await system.exit() == .signal(SIGKILL))
    let next = try Successor(of: system, listen: String(url.dropFirst("http://".count)))
    try await system.until("the second one waits") {
      try next.said(
        "waiting for the end of what a killed system has left here (it was process \(system.process))")
    }
    kill(coordinator, SIGCONT)
    try await system.until("the second one is ready") { try next.said("ready;") }
    #expect(try system.connection()["url"]?.string == url)
    #expect(await next.stop() == .code(0))
  }

  /// The process that another one has started with this as its first argument.
  private static func child(of parent: Int32, running command: String) -> Int32? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { Int32($0) }.first { process in
      // "12 (name) S 11 …"
      let fields = Program.text("/proc/\(process)/stat").split(separator: ") ").last?.split(separator: " ")
      let arguments = Program.text("/proc/\(process)/cmdline").split(separator: "\0")
      return fields?.dropFirst().first.flatMap { Int32($0) } == parent
        && arguments.dropFirst().first == command[...]
    }
  }

  @Test("A PostgreSQL that ends under a running system is started again, and commands go on")
  func database() async throws {
    let system = try await RunningSystem.start(workers: 0)
    let note = Program.text(system.scratch.path + "/.ar1/postgres/data/postmaster.pid")
    let postgres = try #require(note.split(separator: "\n").first.flatMap { pid_t($0) })
    // PostgreSQL's fast shutdown.
    #expect(kill(postgres, SIGINT) == 0)
    try await system.until("it has ended and commands are answered") {
      let said = Program.text(system.scratch.path + "/up.err")
      guard said.contains("postgres ended (exit code 0); starting it again") else { return false }
      return try await system.program.run(["workers"]).code == 0
    }
    try await system.stop()
  }

  @Test("A demo where another one runs is refused and deletes nothing")
  func demo() async throws {
    let scratch = try Scratch()
    let program = Program(path: Program.built, folder: scratch.path)
    let arguments = ["demo", "--folder", "demo", "--model", Repository.root + "/models/demo-base"]
    let first = try program.start(
      arguments, output: scratch.path + "/demo.out", error: scratch.path + "/demo.err")
    let data = scratch.path + "/demo/data"
    while !FileManager.default.fileExists(atPath: data) {
      if first.exit != nil {
        throw SystemError("the demo ended: \(Program.text(scratch.path + "/demo.err"))")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
    let second = try await program.run(arguments)
    #expect(second.code != 0)
    #expect(second.error.contains("a system runs here already (process \(first.id), "), "\(second.error)")
    #expect(FileManager.default.fileExists(atPath: data))
    first.signal(SIGINT)
    #expect(await first.waitForExit() == .code(130))
  }
}

/// A second start in the folder of a system.
private struct Successor {
  private let child: ChildProcess
  private let output: String

  init(of system: RunningSystem, listen: String) throws {
    output = system.scratch.path + "/next.out"
    child = try system.program.start(
      ["up", "--listen", listen, "--workers", "0"], output: output, error: output)
  }

  /// Whether it has written this.
  func said(_ text: String) throws -> Bool {
    let all = Program.text(output)
    if let exit = child.exit { throw SystemError("the second one ended (\(exit)): \(all)") }
    return all.contains(text)
  }

  func stop() async -> ChildProcess.Exit {
    child.signal(SIGTERM)
    return await child.waitForExit()
  }
}

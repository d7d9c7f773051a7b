import FoundationEssentials
import Glibc
import LocalPostgres
import OrderedJSON
import Testing

/// Several coordinators on one database, as processes of their own.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct CoordinatorPairTests {
  private let scratch: Scratch
  private let program: Program

  init() throws {
    scratch = try Scratch()
    program = Program(path: Program.built, folder: scratch.path)
  }

  private func secret(_ role: String, _ server: LocalPostgres) async throws -> String {
    try await CoordinatorProcess.secret(role, lab: "vision", on: server, scratch, program)
  }

  @Test(
    "When the leading coordinator is killed the other one leads, buries the silent worker and lets the work go on"
  )
  func takeover() async throws {
    let server = try await LocalPostgres.start(
      folder: scratch.path + "/pg", options: .init(durable: false))
    let first = try CoordinatorProcess.start("first", on: server, program)
    let firstURL = try await first.url()
    while !Program.text(first.log).contains("leading in term") {
      try await Task.sleep(for: .milliseconds(20))
    }
    let second = try CoordinatorProcess.start("second", on: server, program)
    let secondURL = try await second.url()
    let admin = try await secret("admin", server)
    let worker = try await secret("worker", server)

    // What one of them took, the other knows.
    let job = try scratch.write(
      "kind: score\nmodel: \(Repository.root)/models/demo-base\nimages: images\noutput: out\n", to: "job.yaml"
    )
    try FileManager.default.createDirectory(
      atPath: scratch.path + "/images", withIntermediateDirectories: true)
    let submitted = try await program.document([
      "submit", job, "--url", firstURL, "--token-file", admin,
    ])
    let id = try #require(submitted["id"]?.int)

    // A worker that claims and is then stopped for good, at the coordinator that will be killed.
    let stopped = try program.start(
      ["worker", "--url", firstURL, "--token-file", worker, "--name", "stopped", "--kinds", "report,shard"],
      output: scratch.path + "/w.log", error: scratch.path + "/w.log")
    while !Program.text(scratch.path + "/w.log").contains("registered") {
      try await Task.sleep(for: .milliseconds(20))
    }
    stopped.signal(SIGSTOP)
    first.child.signal(SIGKILL)
    _ = await first.child.waitForExit()

    // The second leads after the first's lease, and declares the stopped worker dead after the worker's.
    while !Program.text(second.log).contains("leading in term 2") {
      try await Task.sleep(for: .milliseconds(20))
    }
    while true {
      let list = try await program.document([
        "workers", "--all", "--url", secondURL, "--token-file", admin,
      ])["workers"]?.array
      if list?.first?["alive"] == .bool(false) { break }
      try await Task.sleep(for: .milliseconds(50))
    }
    stopped.signal(SIGKILL)
    _ = await stopped.waitForExit()

    // Work goes on at the second.
    let next = try program.start(
      ["worker", "--url", secondURL, "--token-file", worker, "--name", "next"],
      output: scratch.path + "/n.log", error: scratch.path + "/n.log")
    _ = try await program.run(["wait", "\(id)", "--url", secondURL, "--token-file", admin])
    // An empty folder of images is a user's error: the job has ended, for its own reason.
    let detail = try await program.document(["show", "\(id)", "--url", secondURL, "--token-file", admin])
    #expect(detail["job"]?["failure"]?["class"]?.string == "user-error", "\(detail.serialized())")

    let doctor = try await program.run([
      "doctor", "--database", server.address.connectionString, "--json",
    ])
    let findings = try doctor.document()["findings"]?.array ?? []
    let leader = try #require(findings.first { $0["subject"]?.string == "leader" })
    #expect(leader["text"]?.string?.contains("term 2") == true)
    next.signal(SIGTERM)
    #expect(await next.waitForExit() == .code(0))
    await second.stop()
    try await server.destroy()
  }
}

import LocalPostgres
import OrderedJSON
import Testing

/// A coordinator on a database of its own with one person who speaks to it, and no worker.
struct AttendedQueue {
  let coordinator: CoordinatorProcess
  let url: String
  let tokenFile: String
  private let server: LocalPostgres
  private let program: Program

  static func start(as role: String = "member", _ scratch: Scratch, _ program: Program) async throws -> Self {
    let server = try await LocalPostgres.start(folder: scratch.path + "/pg", options: .init(durable: false))
    let coordinator = try CoordinatorProcess.start("coordinator", on: server, program)
    let token = try await CoordinatorProcess.secret(role, lab: "vision", on: server, scratch, program)
    return Self(
      coordinator: coordinator, url: try await coordinator.url(), tokenFile: token, server: server,
      program: program)
  }

  /// What commands are told to speak to it as this person.
  var connection: [String] { ["--url", url, "--token-file", tokenFile] }

  func run(_ arguments: [String]) async throws -> Program.Run {
    try await program.run(arguments + connection)
  }

  /// What a command that must succeed prints as JSON.
  func document(_ arguments: [String]) async throws -> JSON {
    try await program.document(arguments + connection)
  }

  func stop() async throws {
    await coordinator.stop()
    try await server.stop()
  }

  /// Its coordinator dies without a word.
  func crash() async throws {
    coordinator.child.signal(9)
    _ = await coordinator.child.waitForExit()
    try await server.stop()
  }
}

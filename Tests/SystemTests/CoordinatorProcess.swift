import LocalPostgres
import OrderedJSON
import Testing

/// `ar1 coordinator` as a process of its own on a database of the test, with what is needed to speak to it.
struct CoordinatorProcess {
  let child: ChildProcess
  let log: String

  /// - Parameter name: of its log in the program's folder.
  static func start(
    _ name: String, on server: LocalPostgres, _ program: Program, _ options: [String] = []
  ) throws -> CoordinatorProcess {
    let log = program.folder + "/\(name).log"
    return CoordinatorProcess(
      child: try program.start(
        [
          "coordinator", "--database", server.address.connectionString, "--listen", "127.0.0.1:0",
          "--lease-seconds", "2", "--heartbeat-seconds", "0.4",
        ] + options, output: log, error: log), log: log)
  }

  /// Its URL, once it listens.
  func url() async throws -> String {
    while true {
      if let line = Program.text(log).split(separator: "\n").first(where: { $0.contains("listening on ") }),
        let url = line.split(separator: " ").first(where: { $0.hasPrefix("http") })
      {
        return String(url)
      }
      if let exit = child.exit {
        throw SystemError("the coordinator ended (\(exit)): \(Program.text(log))")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Ends it in order.
  func stop() async {
    child.signal(15)
    #expect(await child.waitForExit() == .code(0))
  }

  /// A file with a new token for a user named after the role.
  static func secret(
    _ role: String, lab: String, on server: LocalPostgres, _ scratch: Scratch, _ program: Program
  ) async throws -> String {
    let run = try await program.run([
      "token", "create", "--database", server.address.connectionString, "--lab", lab, "--user", role,
      "--role", role,
    ])
    try #require(run.code == 0, "\(run.error)")
    return try scratch.write(run.output, to: "\(lab)-\(role).token")
  }
}

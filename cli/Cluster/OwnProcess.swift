import FoundationEssentials
import Glibc
import LocalPostgres

/// Other processes of this same program.
enum OwnProcess {
  static func spawn(
    _ arguments: [String], _ lock: SystemLock, environment: [String: String], log: String
  ) throws -> ChildProcess {
    try ChildProcess.start(
      .init(
        program: try ownProgram(), arguments: arguments, environment: environment, output: .file(log),
        error: .file(log), signalOnParentDeath: SIGTERM, kept: lock.descriptor))
  }

  /// The same program several times under mpirun, which ends all when one dies.
  static func spawnRanks(
    _ ranks: Int, _ arguments: [String], _ lock: SystemLock, environment: [String: String], log: String
  ) throws -> ChildProcess {
    // Each rank computes with threads of its own, which binding it to a core would make share that.
    var launch = ["mpirun", "-n", "\(ranks)", "--oversubscribe", "--bind-to", "none"]
    if geteuid() == 0 { launch.append("--allow-run-as-root") }
    return try ChildProcess.start(
      .init(
        program: "/usr/bin/env", arguments: launch + [try ownProgram()] + arguments, environment: environment,
        output: .file(log), error: .file(log), signalOnParentDeath: SIGTERM, kept: lock.descriptor))
  }

  /// The file this process was started from, wherever it was moved to since.
  private static func ownProgram() throws -> String {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    guard count > 0 else { throw CommandError("the program's own path cannot be read from /proc/self/exe") }
    return String(decoding: buffer[..<count], as: UTF8.self)
  }

  static func environment(adding more: [String: String]) -> [String: String] {
    var environment: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
      let pair = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if pair.count == 2 { environment[String(pair[0])] = String(pair[1]) }
      entry += 1
    }
    return environment.merging(more) { _, new in new }
  }

  /// Reads from its log where the coordinator listens; it says so once it does.
  static func coordinatorAddress(in log: String, of child: ChildProcess) async throws -> String {
    let mark = "listening on "
    while true {
      let text = FileManager.default.contents(atPath: log).map { String(decoding: $0, as: UTF8.self) } ?? ""
      if let range = text.range(of: mark) {
        return String(text[range.upperBound...].prefix { !$0.isWhitespace })
      }
      if let exit = child.exit {
        let mark = "Error: "
        if let line = text.split(separator: "\n").last(where: { $0.hasPrefix(mark) }) {
          throw CommandError(String(line.dropFirst(mark.count)))
        }
        throw CommandError("the coordinator ended at once (\(exit)); its log says:\n\(text.suffix(800))")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }
}

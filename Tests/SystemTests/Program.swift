import FoundationEssentials
import LocalPostgres
import OrderedJSON
import Testing

/// The built `ar1`, run as a person runs it: another process, its output read from files.
struct Program {
  /// The file to run.
  let path: String
  /// The folder it runs in.
  let folder: String

  struct Run {
    let code: Int32
    let output: String
    let error: String

    func document() throws -> JSON { try JSON(parsing: Array(output.utf8)) }
  }

  /// Where `make test` says the binary is, or where a release build leaves it.
  static var built: String {
    ProcessInfo.processInfo.environment["AR1_BINARY"] ?? Repository.root + "/.build/release/ar1"
  }

  /// Another program of this machine; nil where it is not installed.
  static func installed(_ name: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Runs `arguments` to their end.
  /// - Parameter environment: added to this process's.
  func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Run {
    let name = folder + "/.run-" + UUID().uuidString
    let child = try start(
      arguments, output: name + ".out", error: name + ".err", environment: environment)
    let exit = await child.waitForExit()
    defer {
      try? FileManager.default.removeItem(atPath: name + ".out")
      try? FileManager.default.removeItem(atPath: name + ".err")
    }
    let code: Int32 =
      switch exit {
      case .code(let code): code
      case .signal(let number): -number
      }
    return Run(code: code, output: Self.text(name + ".out"), error: Self.text(name + ".err"))
  }

  /// Runs `arguments`, which must succeed, and reads the JSON document they print.
  func document(_ arguments: [String]) async throws -> JSON {
    let run = try await run(arguments + ["--json"])
    try #require(run.code == 0, "ar1 \(arguments.joined(separator: " ")): \(run.error)\(run.output)")
    return try run.document()
  }

  /// - Parameter environment: added to this process's.
  func start(
    _ arguments: [String], output: String, error: String, environment: [String: String] = [:]
  ) throws -> ChildProcess {
    try ChildProcess.start(
      .init(
        program: path, arguments: arguments,
        environment: ProcessInfo.processInfo.environment.merging(environment) { _, new in new },
        folder: folder, output: .file(output), error: .file(error),
        signalOnParentDeath: 15))
  }

  static func text(_ path: String) -> String {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}

enum Repository {
  /// The folder with Package.swift.
  static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
    .joined(separator: "/")
}

/// A folder of its own that is gone when the test is over.
final class Scratch {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/ar1-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ text: String, to name: String) throws -> String {
    let file = path + "/" + name
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    return file
  }
}

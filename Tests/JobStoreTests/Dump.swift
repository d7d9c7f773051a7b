import FoundationEssentials
import Glibc
import LocalPostgres
import PostgresClient

/// The backup that docs/operation.md describes.
enum Dump {
  static func write(_ address: PostgresAddress, to file: String) async throws {
    try await run("pg_dump", ["--format=custom", "--no-owner", "--file", file, address.connectionString])
  }

  static func read(_ file: String, into address: PostgresAddress) async throws {
    try await run(
      "pg_restore", ["--exit-on-error", "--no-owner", "--dbname", address.connectionString, file])
  }

  private struct Failed: Error, CustomStringConvertible { let description: String }

  private static func run(_ program: String, _ arguments: [String]) async throws {
    let log = FileManager.default.temporaryDirectory.path + "/ar1-dump-\(UUID().uuidString).log"
    defer { try? FileManager.default.removeItem(atPath: log) }
    let child = try ChildProcess.start(
      .init(program: try path(of: program), arguments: arguments, output: .file(log), error: .file(log)))
    let exit = await child.waitForExit()
    guard exit == .code(0) else {
      let text = FileManager.default.contents(atPath: log).map { String(decoding: $0, as: UTF8.self) } ?? ""
      throw Failed(description: "\(program) ended with \(exit): \(text)")
    }
  }

  /// Of the newest version that is installed.
  private static func path(of program: String) throws -> String {
    let root = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    let newest = versions.compactMap { Int($0) }.max()
    let candidates = [newest.map { "\(root)/\($0)/bin/\(program)" }, "/usr/bin/\(program)"].compactMap(\.self)
    guard let found = candidates.first(where: { access($0, X_OK) == 0 }) else {
      throw Failed(description: "\(program) is not installed")
    }
    return found
  }
}

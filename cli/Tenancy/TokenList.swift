import ArgumentParser
import CoordinatorClient
import Glibc
import JobModel

struct TokenList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls",
    abstract: "List a lab's tokens, without their secrets.",
    discussion: "Example: ar1 token ls --all")

  @Flag(help: "Also those that no longer work.") var all = false
  @Option(help: "Another lab than your own; for administrators.") var lab: String?
  @Flag(help: "Print one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    let tokens = try await connection.client().tokens(lab: lab).filter { all || $0.works }
    if json {
      try JSONOutput.print(JobModel.TokenList(tokens: tokens, next: nil))
      return
    }
    let now = Double(time(nil))
    var table = Table([
      .right("TOKEN"), .left("USER"), .left("ROLE"), .left("SCOPES"), .left("CREATED"), .left("EXPIRES"),
      .left("LAST USED"), .left("STATE"), .left("NOTE"),
    ])
    for token in tokens {
      table.add([
        Table.Cell(String(token.id)), Table.Cell(token.user), Table.Cell(token.role.rawValue),
        Table.Cell(token.scopes.map(\.rawValue).joined(separator: ",")),
        Table.Cell(Format.time(token.createdAt)),
        Table.Cell(token.expiresAt.map { Format.time($0) } ?? "never"),
        Table.Cell(token.lastUsedAt.map { Format.duration(max(0, now - $0)) + " ago" } ?? "never"),
        Self.state(token, now: now), Table.Cell(token.note),
      ])
    }
    table.print()
  }

  private static func state(_ token: TokenRecord, now: Double) -> Table.Cell {
    if token.revokedAt != nil { return Table.Cell("revoked", .faint) }
    if let expiry = token.expiresAt, expiry <= now { return Table.Cell("expired", .faint) }
    guard token.works else { return Table.Cell("shut out", .faint) }
    if let expiry = token.expiresAt, expiry - now < 7 * 86_400 {
      return Table.Cell("expires in \(Format.duration(expiry - now))", .yellow)
    }
    return Table.Cell("works", .green)
  }
}

import ArgumentParser
import CoordinatorClient
import JobModel

struct TokenRotate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate",
    abstract: "Replace a token by a new one of the same user, role, scopes and length of life.",
    discussion: """
      Without a number the token that the command itself uses is replaced. The old one ends at once, or works on for \
      the overlap, in which workers can be given the new one.

      Example: ar1 token rotate 7 --overlap 1h > worker.token
      """)

  @Argument(help: "The token's number (the one in use).") var token: Int64?
  @Option(help: ArgumentHelp("How long the old one still works, such as 1h.", valueName: "duration"))
  var overlap: TimeSpan?
  @Flag(help: "Print one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    let client = try connection.client()
    let id: Int64
    if let token { id = token } else { id = try await client.me().token }
    try TokenCreate.show(
      try await client.rotateToken(id, RotateTokenRequest(overlap: overlap?.seconds ?? 0)), json: json)
  }
}

import ArgumentParser
import CoordinatorClient
import JobModel
import OrderedJSON

struct TokenRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "End a token at once.",
    discussion: "Example: ar1 token revoke 7 --reason 'laptop lost'")

  @Argument(help: "The token's number.") var token: Int64
  @Option(help: "Why, for whoever asks later.") var reason: String?
  @Flag(help: "Print one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    try await connection.client().revokeToken(token, reason: reason)
    if json {
      JSONOutput.print(["token": .integer(Int(token)), "revoked": true])
    } else {
      Terminal.write("token \(token) revoked\n")
    }
  }
}

import ArgumentParser
import CoordinatorClient
import JobModel
import JobStore
import PostgresClient

struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token",
    abstract: "Make and revoke tokens.",
    discussion: """
      Examples: ar1 token create --user ada --role member
                ar1 token create --role worker --user node7 > worker.token
                ar1 token create --database postgres://… --lab vision --user root --role admin
      """,
    subcommands: [TokenCreate.self, TokenRevoke.self])
}

struct TokenCreate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Make a token and print it; it is shown this once and stored only as a hash.",
    discussion: """
      Needs an administrator's token, or, for the first one of a lab, --database.

      Example: ar1 token create --user ada --role member
      """)

  @Option(help: "Whose token it is; made if new.") var user: String
  @Option(help: "\(Role.allCases.map(\.rawValue).joined(separator: ", ")).") var role: Role
  @Option(help: "Seconds until it expires (never).") var expiresIn: Double?
  @Option(help: "Go to the database itself; for whoever runs it.") var database: String?
  @Option(help: "The lab, made if new; with --database only.") var lab: String?
  @Flag(help: "Print one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func validate() throws {
    if (database == nil) != (lab == nil) {
      throw ValidationError(
        "--database and --lab go together; without them your own lab's coordinator makes the token")
    }
  }

  func run() async throws {
    let request = CreateTokenRequest(user: user, role: role, expiresIn: expiresIn)
    let created: CreatedToken
    if let database, let lab {
      let pool = ConnectionPool(address: PostgresAddress(database), size: 1)
      let store = JobStore(pool: pool)
      try await store.migrate()
      created = try await store.createToken(request, lab: store.createLab(named: lab))
      await pool.close()
    } else {
      created = try await connection.client().createToken(request)
    }
    if json { try JSONOutput.print(created) } else { Terminal.write(created.secret + "\n") }
    if !json, Terminal.outputIsTerminal {
      Terminal.writeError("token \(created.id); revoke it with: ar1 token revoke \(created.id)\n")
    }
  }
}

struct TokenRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "End a token at once.",
    discussion: "Example: ar1 token revoke 7")

  @Argument(help: "The token's number.") var token: Int64
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    try await connection.client().revokeToken(token)
    Terminal.write("token \(token) revoked\n")
  }
}

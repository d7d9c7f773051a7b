import ArgumentParser
import CoordinatorClient
import JobModel
import JobStore
import PostgresClient

struct TokenCreate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Make a token and print it; it is shown this once and stored only as a hash.",
    discussion: """
      Needs the token of a lab's owner or an administrator, or, for the first one, --database.

      Example: ar1 token create --user ada --role member --expires 90d
      """)

  @Option(help: "Whose token it is; made if new.") var user: String
  @Option(help: "\(Role.allCases.map(\.rawValue).joined(separator: ", ")).") var role: Role
  @Option(
    help: ArgumentHelp("How long it works, such as 12h, 90d or 3600 (always).", valueName: "duration"))
  var expires: TimeSpan?
  @Option(
    help: ArgumentHelp(
      "Fewer rights than the role has, separated by commas: \(Scope.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "scopes"))
  var scopes: ScopeList?
  @Option(help: "For people: where it is used.") var note: String?
  @Option(help: "Go to the database itself; for whoever runs it.") var database: String?
  @Option(help: "Another lab than your own; with --database made if new.") var lab: String?
  @Flag(help: "Print one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func validate() throws {
    if database != nil, lab == nil { throw ValidationError("--database goes with --lab") }
  }

  func run() async throws {
    let request = CreateTokenRequest(
      user: user, role: role, expiresIn: expires?.seconds, scopes: scopes?.scopes, note: note, lab: lab)
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
    try Self.show(created, json: json)
  }

  /// The secret alone on standard output, so that it can be sent into a file.
  static func show(_ created: CreatedToken, json: Bool) throws {
    if json { try JSONOutput.print(created) } else { Terminal.write(created.secret + "\n") }
    if !json, Terminal.outputIsTerminal {
      Terminal.writeError("token \(created.id); revoke it with: ar1 token revoke \(created.id)\n")
    }
  }
}

/// "read,submit"
struct ScopeList: ExpressibleByArgument {
  let scopes: [Scope]

  init?(argument: String) {
    var scopes: [Scope] = []
    for part in argument.split(separator: ",") {
      guard let scope = Scope(rawValue: String(part.drop { $0 == " " })) else { return nil }
      scopes.append(scope)
    }
    guard !scopes.isEmpty else { return nil }
    self.scopes = scopes
  }
}

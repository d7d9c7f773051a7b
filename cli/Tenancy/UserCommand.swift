import ArgumentParser
import CoordinatorClient
import JobModel

struct UserCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "user",
    abstract: "Add, list and change the users of a lab.",
    discussion: """
      Roles: an owner administers the lab, a member submits jobs, a viewer reads, a worker's tokens serve the pool; \
      an admin administers all labs. Owners hand out owner, member and viewer.

      Example: ar1 user add ada --role member
      """,
    subcommands: [UserAdd.self, UserList.self, UserSet.self])
}

struct UserAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Add a user; she needs a token next.",
    discussion: "Example: ar1 user add ada --role member")

  @Argument(help: "The user's name.") var name: String
  @Option(help: "\(Role.allCases.map(\.rawValue).joined(separator: ", ")).") var role = Role.member
  @Option(help: "Another lab than your own; for administrators.") var lab: String?
  @Flag(help: "Print one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    let user = try await connection.client().createUser(CreateUserRequest(name: name, role: role, lab: lab))
    if json {
      try JSONOutput.print(user)
    } else {
      Terminal.write(
        "\(name) has the role \(role.rawValue) in \(user.lab); a token: ar1 token create --user "
          + "\(ShellWord.quoted(name)) --role \(role.rawValue)"
          + "\(lab.map { " --lab " + ShellWord.quoted($0) } ?? "")\n")
    }
  }
}

struct UserList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "List the users of a lab.", discussion: "Example: ar1 user ls")

  @Option(help: "Another lab than your own; for administrators.") var lab: String?
  @Flag(help: "Print one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    let users = try await connection.client().users(lab: lab)
    if json {
      try JSONOutput.print(JobModel.UserList(users: users, next: nil))
      return
    }
    var table = Table([
      .right("USER"), .left("NAME"), .left("ROLE"), .right("TOKENS"), .left("CREATED"), .left("STATE"),
    ])
    for user in users {
      table.add([
        Table.Cell(String(user.id)), Table.Cell(user.name), Table.Cell(user.role.rawValue),
        Table.Cell(String(user.tokens)), Table.Cell(Format.time(user.createdAt)),
        user.disabledAt == nil ? Table.Cell("active", .green) : Table.Cell("disabled", .faint),
      ])
    }
    table.print()
  }
}

struct UserSet: ChangeCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Give a user another role, or shut her out and in again.",
    discussion: """
      Examples: ar1 user set ada --role viewer
                ar1 user set ada --disable-access --reason 'has left'
      """)

  @Argument(help: "The user's name.") var name: String
  @Option(help: "\(Role.allCases.map(\.rawValue).joined(separator: ", ")).") var role: Role?
  @Flag(inversion: .prefixedEnableDisable, help: "Whether her tokens are accepted.") var access: Bool?
  @Option(help: "Another lab than your own; for administrators.") var lab: String?
  @OptionGroup var options: ChangeOptions

  func validate() throws {
    if role == nil, access == nil {
      throw ValidationError("say what shall change: --role, --disable-access or --enable-access")
    }
  }

  func change(_ client: CoordinatorClient, reason: String?) async throws -> UserRecord {
    guard let user = try await client.users(lab: lab).first(where: { $0.name == name }) else {
      throw CommandError("there is no user '\(name)' in this lab; 'ar1 user ls' lists them")
    }
    return try await client.changeUser(
      user.id, ChangeUserRequest(role: role, disabled: access.map { !$0 }, reason: reason))
  }

  func sentence(_ user: UserRecord) -> String {
    "\(user.name) has the role \(user.role.rawValue) in \(user.lab)"
      + (user.disabledAt == nil ? "" : ", and her tokens are refused")
  }
}

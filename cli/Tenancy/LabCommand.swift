import ArgumentParser
import CoordinatorClient
import JobModel

struct LabCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab",
    abstract: "Make, list, close and open labs.",
    discussion: """
      A lab has users, jobs, files and a share of the machines of its own, and sees nothing of others. Labs are made \
      by administrators.

      Example: ar1 lab create vision
      """,
    subcommands: [LabCreate.self, LabList.self, LabClose.self, LabOpen.self])
}

struct LabCreate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Make a lab; its name is also that of its folder.",
    discussion: "Example: ar1 lab create vision")

  @Argument(help: "The lab's name.") var name: String
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    try await connection.client().createLab(CreateLabRequest(name: name))
    Terminal.write("lab \(name) made; its first user: ar1 user add NAME --role owner --lab \(name)\n")
  }
}

struct LabList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "List the labs you may see.", discussion: "Example: ar1 lab ls")

  @Flag(help: "Print one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    let labs = try await connection.client().labs()
    if json {
      try JSONOutput.print(JobModel.LabList(labs: labs, next: nil))
      return
    }
    var table = Table([.right("LAB"), .left("NAME"), .right("USERS"), .right("OPEN JOBS"), .left("STATE")])
    for lab in labs {
      table.add([
        Table.Cell(String(lab.id)), Table.Cell(lab.name), Table.Cell(String(lab.users)),
        Table.Cell(String(lab.unfinishedJobs)),
        lab.closedAt == nil ? Table.Cell("open", .green) : Table.Cell("closed", .faint),
      ])
    }
    table.print()
  }
}

struct LabClose: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "close", abstract: "Refuse the tokens of a lab; what it has stays.",
    discussion: "Example: ar1 lab close vision")

  @Argument(help: "The lab's name.") var name: String
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    try await change(named: name, closed: true, try connection.client())
    Terminal.write("lab \(name) closed\n")
  }
}

struct LabOpen: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "open", abstract: "Accept the tokens of a closed lab again.",
    discussion: "Example: ar1 lab open vision")

  @Argument(help: "The lab's name.") var name: String
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    try await change(named: name, closed: false, try connection.client())
    Terminal.write("lab \(name) opened\n")
  }
}

private func change(named name: String, closed: Bool, _ client: CoordinatorClient) async throws {
  guard let lab = try await client.labs().first(where: { $0.name == name }) else {
    throw ValidationError("there is no lab '\(name)' that you may see; 'ar1 lab ls' lists them")
  }
  _ = try await client.changeLab(lab.id, ChangeLabRequest(closed: closed))
}

import ArgumentParser
import CoordinatorClient
import JobModel

struct LabCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab",
    abstract: "Make, list, pause and close labs.",
    discussion: """
      A lab has users, jobs, files and a share of the machines of its own, and sees nothing of others. Labs are made \
      by administrators.

      Example: ar1 lab create vision
      """,
    subcommands: [
      LabCreate.self, LabList.self, LabPause.self, LabResume.self, LabClose.self, LabOpen.self,
    ])
}

struct LabCreate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Make a lab; its name is also that of its folder.",
    discussion: "Example: ar1 lab create vision")

  @Argument(help: "The lab's name.") var name: String
  @Flag(help: "Print one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    let client = try connection.client()
    // The request may be repeated after a broken connection, so the coordinator does not mind a lab that is there.
    if try await client.labs().contains(where: { $0.name == name }) {
      throw CommandError("there is a lab '\(name)' already; 'ar1 lab ls' lists them")
    }
    try await client.createLab(CreateLabRequest(name: name))
    if json {
      guard let made = try await client.labs().first(where: { $0.name == name }) else {
        throw CommandError("lab \(name) was made, and is gone again; 'ar1 lab ls' lists those there are")
      }
      return try JSONOutput.print(made)
    }
    Terminal.write(
      "lab \(name) made; its first user: ar1 user add NAME --role owner --lab \(ShellWord.quoted(name))\n")
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
        Self.state(lab),
      ])
    }
    table.print()
  }

  private static func state(_ lab: LabRecord) -> Table.Cell {
    if lab.closedAt != nil { return Table.Cell("closed", .faint) }
    return lab.pausedAt == nil ? Table.Cell("open", .green) : Table.Cell("paused", .yellow)
  }
}

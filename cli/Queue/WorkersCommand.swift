import ArgumentParser
import CoordinatorClient
import Glibc
import JobModel

struct WorkersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workers",
    abstract: "List the workers, their kinds of tasks and when they were last heard of.",
    discussion: "Example: ar1 workers")

  @Flag(help: "Also those that are gone.") var all = false
  @Flag(help: "Print one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    let workers = try await connection.client().workers().filter { all || $0.alive }
    if json {
      try JSONOutput.print(WorkerList(workers: workers))
      return
    }
    if workers.isEmpty {
      Terminal.writeError("no workers; start one with 'ar1 worker'\n")
      return
    }
    let now = Double(time(nil))
    var table = Table([
      .right("SESSION"), .left("NAME"), .left("HOST"), .right("PID"), .left("STATE"), .left("BUSY"),
      .right("LAST SEEN"), .left("KINDS"),
    ])
    for worker in workers {
      table.add([
        Table.Cell(String(worker.session)), Table.Cell(worker.name), Table.Cell(worker.host),
        Table.Cell(String(worker.process)),
        worker.alive ? Table.Cell("alive", .green) : Table.Cell("gone", .faint),
        Table.Cell("\(worker.running)/\(worker.slots)"),
        Table.Cell(Format.duration(max(0, now - worker.lastSeenAt)) + " ago"),
        Table.Cell(worker.kinds.map(\.rawValue).joined(separator: ", ")),
      ])
    }
    table.print()
  }
}

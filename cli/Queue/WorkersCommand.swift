import ArgumentParser
import CoordinatorClient
import Glibc
import JobModel

struct WorkersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workers",
    abstract: "List the workers, their kinds of tasks, their GPUs' use and when they were last heard of.",
    discussion: """
      GPUS shows of each GPU the share of time in which it computed, its memory in use and its tasks; a GPU that is \
      withheld gets no task until it could be opened anew.

      Example: ar1 workers
      """)

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
      .right("LAST SEEN"), .left("HAS"), .left("GPUS"), .left("IN MEMORY"), .left("KINDS"),
    ])
    for worker in workers {
      // Of one that is gone nothing is known any more.
      let devices = worker.alive ? worker.devices : []
      table.add([
        Table.Cell(String(worker.session)), Table.Cell(worker.name), Table.Cell(worker.host),
        Table.Cell(String(worker.process)),
        worker.alive
          ? worker.draining ? Table.Cell("draining", .yellow) : Table.Cell("alive", .green)
          : Table.Cell("gone", .faint),
        Table.Cell("\(worker.running)/\(worker.slots)"),
        Table.Cell(Format.duration(max(0, now - worker.lastSeenAt)) + " ago"),
        Table.Cell(Self.has(worker.inventory)),
        Table.Cell(devices.map(DeviceText.line).joined(separator: "; ")),
        Table.Cell(worker.loaded.map(Self.name).joined(separator: ", ")),
        Table.Cell(worker.kinds.map(\.rawValue).joined(separator: ", ")),
      ])
    }
    table.print()
  }

  /// The folder's own name of a model, "run/12" of a training's policy; '--json' has the paths.
  private static func name(_ checkpoint: String) -> String {
    checkpoint.hasPrefix("/") ? String(checkpoint.split(separator: "/").last ?? "/") : checkpoint
  }

  /// "16 cores, 128 GiB, 2 × NVIDIA H100 80GB, site=north"
  private static func has(_ inventory: Inventory) -> String {
    var parts = ["\(inventory.cores) core\(inventory.cores == 1 ? "" : "s")"]
    if inventory.memoryBytes > 0 { parts.append(Format.size(Int(inventory.memoryBytes))) }
    let names = Dictionary(grouping: inventory.devices, by: \.name).sorted { $0.key < $1.key }
    for (name, devices) in names { parts.append("\(devices.count) × \(name)") }
    for (name, value) in inventory.labels.sorted(by: { $0.key < $1.key }) { parts.append("\(name)=\(value)") }
    return parts.joined(separator: ", ")
  }
}

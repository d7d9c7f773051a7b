import ArgumentParser
import Checkpoints
import JobModel

struct CheckpointList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls",
    abstract: "List the checkpoints of a training, those that cannot be opened too.",
    discussion: "Example: ar1 checkpoint ls runs/first")

  @Argument(
    help: "A training's output folder, or the folder of one run's checkpoints.", completion: .directory)
  var folder: String
  @Flag(help: "Print one JSON document.") var json = false

  private struct Row: Encodable {
    let step: Int
    let kind: String
    let bytes: Int?
    /// Bytes of the values it stands for.
    let plainBytes: Int?
    let base: String?
    let folder: String
    /// Why it cannot be opened.
    let error: String?

    enum CodingKeys: String, CodingKey {
      case step, kind, bytes
      case plainBytes = "plain_bytes"
      case base, folder, error
    }

    /// What a damaged one is can be told by its name alone.
    init(_ name: CheckpointName, in folder: String) {
      let opened = Result { try Checkpoint(folder: folder) }
      let manifest = try? opened.get().manifest
      step = name.step
      kind = name.kind.rawValue
      bytes = manifest?.payloadBytes
      plainBytes = manifest.map { Int($0.plainBytes) }
      base = manifest?.base?.name
      self.folder = folder
      if case .failure(let failure) = opened { error = "\(failure)" } else { error = nil }
    }
  }

  func run() throws {
    var rows: [Row] = []
    for run in try CheckpointLocation(folder).runs {
      rows += run.names.map { Row($0, in: run.folder.path(of: $0)) }
    }
    if json {
      try JSONOutput.print(rows)
      return
    }
    var table = Table([
      .right("STEP"), .left("KIND"), .right("SIZE"), .right("OF PLAIN"), .left("BASE"), .left("FOLDER"),
    ])
    for row in rows {
      guard let bytes = row.bytes, let plainBytes = row.plainBytes else {
        table.add([
          Table.Cell(String(row.step)), Table.Cell(row.kind), Table.Cell("damaged", .red), Table.Cell("–"),
          Table.Cell("–"), Table.Cell(row.folder),
        ])
        continue
      }
      let base = row.base.flatMap(CheckpointName.init).map { "step \($0.step)" } ?? "–"
      table.add([
        Table.Cell(String(row.step)), Table.Cell(row.kind), Table.Cell(Format.size(bytes)),
        Table.Cell(Format.percent(Double(bytes) / Double(max(1, plainBytes)))), Table.Cell(base),
        Table.Cell(row.folder),
      ])
    }
    // Folders are what the other commands take, so they are shown whole.
    Terminal.write(table.rendered(forTerminal: Terminal.outputIsTerminal, width: .max))
    for row in rows { if let error = row.error { Terminal.writeError("damaged: \(error)\n") } }
  }
}

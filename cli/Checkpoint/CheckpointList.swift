import ArgumentParser
import Checkpoints
import JobModel

struct CheckpointList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls",
    abstract: "List the checkpoints of a training.",
    discussion: "Example: ar1 checkpoint ls runs/first")

  @Argument(
    help: "A training's output folder, or the folder of one run's checkpoints.", completion: .directory)
  var folder: String
  @Flag(help: "Print one JSON document.") var json = false

  private struct Row: Encodable {
    let step: Int
    let kind: String
    let bytes: Int
    /// Bytes of the values it stands for.
    let plainBytes: Int
    let base: String?
    let folder: String

    enum CodingKeys: String, CodingKey {
      case step, kind, bytes
      case plainBytes = "plain_bytes"
      case base, folder
    }
  }

  func run() throws {
    var rows: [Row] = []
    for run in try CheckpointLocation(folder).runs {
      for name in run.names {
        let checkpoint = try Checkpoint(folder: run.folder.path(of: name))
        rows.append(
          Row(
            step: name.step, kind: name.kind.rawValue, bytes: checkpoint.manifest.payloadBytes,
            plainBytes: Int(checkpoint.manifest.plainBytes), base: checkpoint.manifest.base?.name,
            folder: checkpoint.folder))
      }
    }
    if json {
      try JSONOutput.print(rows)
      return
    }
    var table = Table([
      .right("STEP"), .left("KIND"), .right("SIZE"), .right("OF PLAIN"), .left("BASE"), .left("FOLDER"),
    ])
    for row in rows {
      let base = row.base.flatMap(CheckpointName.init).map { "step \($0.step)" } ?? "–"
      table.add([
        Table.Cell(String(row.step)), Table.Cell(row.kind), Table.Cell(Format.size(row.bytes)),
        Table.Cell(Format.percent(Double(row.bytes) / Double(max(1, row.plainBytes)))), Table.Cell(base),
        Table.Cell(row.folder),
      ])
    }
    table.print()
  }
}

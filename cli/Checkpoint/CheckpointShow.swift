import ArgumentParser
import Checkpoints
import JobModel

struct CheckpointShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show one checkpoint: where it comes from, what it is built on, its tensors.",
    discussion: "Example: ar1 checkpoint show runs/first/checkpoints/run-2/state-000100-e1-0123456789abcdef")

  @Argument(help: "A checkpoint's folder.", completion: .directory) var checkpoint: String
  @Flag(help: "Print the manifest as one JSON document.") var json = false

  func run() throws {
    let opened = try Checkpoint.named(checkpoint)
    let manifest = opened.manifest
    if json {
      try JSONOutput.print(manifest)
      return
    }
    var text = Style.bold("\(manifest.kind.rawValue) after step \(manifest.step)") + "\n"
    func line(_ name: String, _ value: String) {
      text += Style.faint(name + String(repeating: " ", count: max(1, 12 - name.count))) + value + "\n"
    }
    for (name, value) in manifest.origin.sorted(by: { $0.key < $1.key }) { line(name, value) }
    line(
      "size", "\(Format.size(manifest.payloadBytes)) for \(Format.size(Int(manifest.plainBytes))) of values")
    line("codec", manifest.codec.rawValue)
    for folder in opened.chain.dropLast() { line("built on", folder) }
    var table = Table([.left("TENSOR"), .left("SHAPE"), .left("TYPE"), .right("STORED"), .left("SHA-256")])
    for entry in manifest.tensors {
      table.add([
        Table.Cell(entry.name), Table.Cell(entry.shape.map(String.init).joined(separator: " × ")),
        Table.Cell(entry.type.rawValue), Table.Cell(Format.size(entry.length)), Table.Cell(entry.sha256),
      ])
    }
    Terminal.write(text + "\n" + table.rendered(forTerminal: Terminal.outputIsTerminal, width: .max))
  }
}

import ArgumentParser
import Checkpoints
import FoundationEssentials
import JobModel

struct CheckpointVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Read every tensor and compare it with its hash; exits with 1 when one is damaged.",
    discussion: "Example: ar1 checkpoint verify runs/first")

  @Argument(
    help: "A checkpoint's folder, or a training's output folder to check all of them.", completion: .directory
  )
  var folder: String
  @Flag(help: "Print one JSON document.") var json = false

  private struct Finding: Encodable {
    let folder: String
    let error: String?
  }

  func run() throws {
    let isOne = FileManager.default.fileExists(atPath: folder + "/manifest.json")
    let folders =
      isOne
      ? [folder]
      : try CheckpointLocation(folder).runs.flatMap { run in run.names.map { run.folder.path(of: $0) } }
    let line = ProgressLine()
    var findings: [Finding] = []
    for (index, folder) in folders.enumerated() {
      line.show("\(index + 1)/\(folders.count)  \(folder)")
      do {
        try Checkpoint(folder: folder).verify()
        findings.append(Finding(folder: folder, error: nil))
      } catch {
        findings.append(Finding(folder: folder, error: "\(error)"))
      }
    }
    line.clear()
    let damaged = findings.filter { $0.error != nil }
    if json {
      try JSONOutput.print(findings)
    } else {
      for finding in damaged { Terminal.write(Style.red("damaged") + "  \(finding.error ?? "")\n") }
      Terminal.write("\(findings.count - damaged.count) of \(findings.count) checkpoints are whole\n")
    }
    if !damaged.isEmpty { throw ExitCode(1) }
  }
}

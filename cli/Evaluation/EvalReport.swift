import ArgumentParser
import FoundationEssentials
import Inspection
import OrderedJSON

/// `ar1 eval report`: all forms of the report from an answers file.
struct EvalReport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract:
      "Write the reports of a file of answers: text, JSON, CSV, LaTeX and one HTML page with pictures.",
    discussion: """
      Also of answers other programs wrote, as long as they are in MMAD's form. With --data the page shows the worst \
      answers with their pictures.

      Example: ar1 eval report results/before --data data/mmad --output results/before
      """)

  @Argument(help: "An answers file, or the folder of an evaluation.") var answers: String
  @Option(help: "The data set, for its pictures.", completion: .directory) var data: String?
  @Option(help: "Folder for report.txt, .json, .csv, .tex and .html; made if new.", completion: .directory)
  var output: String
  @Option(
    help: "The model's folder or trained-on.json, few-shot.json or the training data, to count the overlap.")
  var trainedOn: String?
  @Option(name: .customLong("pictures"), help: "Pictures on the page at most.") var shownPictures = 60
  @Option(help: "Decides which pictures the intervals are drawn from.") var seed: UInt64 = 0
  @Flag(help: "Print the names of the files as one JSON document.") var json = false

  func validate() throws {
    guard (0...10_000).contains(shownPictures) else { throw ValidationError("--pictures is 0 to 10,000") }
  }

  func run() throws {
    let file = EvalCompare.file(answers)
    let records = try AnswersFile.read(path: file)
    let pictures = try data.map { try EvaluationPictures(path: URL(filePath: $0).standardizedFileURL.path) }
    let overlap = try trainedOn.map {
      try TrainingOverlap(evaluated: records.map(\.image), paths: pictures?.paths ?? [:], trainedOn: $0)
    }
    let report = try EvaluationReport(
      records: records, origin: [.init("answers", file)] + (data.map { [.init("data", $0)] } ?? []),
      overlap: overlap, seed: seed)
    let gallery = ReportGallery(records: records, samples: pictures?.samples ?? [], limit: shownPictures)
    try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    var written: [JSON] = []
    for file in report.files(gallery: gallery) {
      let path = output + "/" + file.name
      try Data(file.text.utf8).write(to: URL(filePath: path), options: .atomic)
      if json { written.append(.string(path)) } else { Terminal.write(path + "\n") }
    }
    if json { JSONOutput.print(["files": .array(written)]) }
  }
}

import ArgumentParser
import Inspection
import OrderedJSON
import TaskExecutors

struct ScoreThreshold: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "threshold",
    abstract: "Decide anew about scored images by their stored probabilities; nothing is computed again.",
    discussion: """
      Writes results.jsonl, results.csv, annotations.coco.json, report.html and run.json of the folder anew. An image \
      that becomes defective has boxes only if it was called defective when it was scored.

      Example: ar1 score threshold results/night --threshold 0.7
               ar1 calibrate results/labelled --labels truth.csv --output threshold.json
               ar1 score threshold results/night --threshold threshold.json
      """)

  @Argument(help: "Output folder of a finished 'ar1 score'.", completion: .directory) var results: String
  @Option(
    help: "A probability, or a file of 'ar1 calibrate', from which an image counts as defective.",
    transform: ThresholdArgument.value)
  var threshold: Double?
  @Flag(help: "Let the model's answers decide again.") var answers = false
  @Flag(help: "Print the counts as one JSON document.") var json = false

  func validate() throws {
    guard (threshold == nil) == answers else { throw ValidationError("give --threshold or --answers") }
  }

  func run() throws {
    let folder = ScoreFolder(path: results)
    let before = try folder.read()
    var rows = before.rows
    for index in rows.indices { rows[index].decide(by: threshold) }
    let decided = ScoreReport(
      rows: rows,
      origin: before.origin.map {
        $0.key == "threshold" ? JSON.Member($0.key, threshold.map { .number($0) } ?? .null) : $0
      }, thumbnails: before.thumbnails, overlays: before.overlays)
    try folder.write(decided)
    let (old, new) = (before.summary.all, decided.summary.all)
    if json {
      JSONOutput.print(JSON.object(decided.summary.members))
      return
    }
    let placeless = rows.count { $0.decision == .defect && !$0.isLocated }
    Terminal.write(
      "\(Format.count(new.images)) images: \(Format.count(new.defective)) defective (before: "
        + "\(Format.count(old.defective))), \(Format.count(new.good)) good, \(Format.count(new.unclear)) unclear\n"
        + (placeless > 0
          ? "\(Format.count(placeless)) of the defective ones were never asked for places\n" : "")
        + "Read it: \(results)/report.html\n")
  }
}

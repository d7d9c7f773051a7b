import ArgumentParser
import FoundationEssentials
import Inspection
import OrderedJSON

/// `ar1 calibrate`: a threshold from labelled pictures.
struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Choose the probability from which a picture counts as defective, on labelled pictures.",
    discussion: """
      RESULTS is the folder of a scoring (results.jsonl) or of an evaluation (answers.json, which brings its labels). \
      The threshold is where F1 is highest, or with --false-alarms the lowest that calls at most this share of the good \
      pictures defective. It is written to a file and can be applied to results without scoring again. Image AUROC, \
      AUPR and F1-max are printed, and where labels have masks pixel AUROC and AUPRO of the boxes.

      Examples: ar1 calibrate results --labels data/parts --output threshold.json
                ar1 calibrate results --labels truth.csv --false-alarms 0.02 --output threshold.json
      """)

  @Argument(help: "Folder or file of a scoring or an evaluation.") var results: String
  @Option(
    help:
      "A data set with normal/ and anomalous/ or another known layout, or a table with columns path and label.",
    completion: .directory)
  var labels: String?
  @Option(help: "Largest share of good pictures that may be called defective, 0 to 1 (highest F1).")
  var falseAlarms: Double?
  @Option(help: "File to write the threshold to.") var output: String?
  @Flag(help: "Print one JSON document.") var json = false

  func validate() throws {
    if let falseAlarms, !(0...1).contains(falseAlarms) { throw ValidationError("--false-alarms is 0 to 1") }
  }

  func run() throws {
    func absolute(_ path: String) -> String { URL(filePath: path).standardizedFileURL.path }
    let pictures = try ScoredPicture.read(absolute(results))
    guard labels != nil || pictures.contains(where: { $0.knownDefective != nil }) else {
      throw CommandError(
        "\(results) does not say which pictures are defective; give --labels, a data set or a table of path,label"
      )
    }
    let calibration = try Calibration(
      pictures, labels: labels.map { try PictureLabels(absolute($0)) })
    let threshold = DefectThreshold(
      metrics: calibration.metrics, rule: falseAlarms.map { .falseAlarms(budget: $0) } ?? .highestF1,
      origin: [
        .init("results", .string(absolute(results))),
        .init("labels", labels.map { .string(absolute($0)) } ?? .null),
      ])
    if let output {
      try Data((threshold.json.serialized(pretty: true) + "\n").utf8).write(
        to: URL(filePath: output), options: .atomic)
    }
    if json {
      Terminal.write(
        calibration.json.setting("threshold", to: threshold.json).serialized(pretty: true) + "\n")
    } else {
      show(calibration, threshold)
    }
  }

  private func show(_ calibration: Calibration, _ threshold: DefectThreshold) {
    let metrics = calibration.metrics
    Terminal.write(
      "\(Format.count(metrics.defective)) defective and \(Format.count(metrics.good)) good pictures: AUROC "
        + "\(Format.fixed(metrics.auroc, 4)), AUPR \(Format.fixed(metrics.averagePrecision, 4)), F1-max "
        + "\(Format.fixed(metrics.best.f1, 4))\n")
    if let regions = calibration.regions, let pixels = regions.pixels, let aupro = regions.aupro() {
      Terminal.write(
        "\(Format.count(regions.regions)) regions on \(Format.count(regions.pictures)) pictures: pixel AUROC "
          + "\(Format.fixed(pixels.auroc, 4)), AUPRO \(Format.fixed(aupro, 4)) (up to 30 % false positives)\n"
      )
    }
    for (count, words) in [
      (calibration.unlabelled, "scored pictures have no label"),
      (calibration.withoutProbability, "labelled pictures have no probability"),
    ] where count > 0 { Terminal.write("left out: \(Format.count(count)) \(words)\n") }
    if let first = calibration.unusableMasks.first {
      Terminal.write(
        "left out of the pixels: \(calibration.unusableMasks.count) masks, the first is \(first)\n")
    }
    let point = metrics.point(threshold: threshold.value)
    Terminal.write(
      "threshold \(threshold.value): false alarms \(Format.percent(point.falseAlarmRate)), missed "
        + "\(Format.percent(point.missRate)), F1 \(Format.fixed(point.f1, 4))"
        + (output.map { "; written to \($0)" } ?? "; --output writes it to a file") + "\n")
  }
}

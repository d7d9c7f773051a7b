import ArgumentParser
import CoordinatorClient
import FoundationEssentials
import JobModel
import OrderedJSON

struct PlotCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plot",
    abstract: "Draw a metric of several trainings into one SVG picture.",
    discussion: """
      A training is named by its job's number or by its metrics.jsonl, with LABEL= before it to name its curve. Trainings
      of one label (other seeds of the same) share a colour, and their mean is drawn over them.

      Example: ar1 plot roam=runs/a/metrics.jsonl classical=7 --metric reward/mean --smooth 5 --output compare.svg
      """)

  @Argument(help: ArgumentHelp("Jobs, or metrics.jsonl files.", valueName: "label=run")) var runs: [String]
  @Option(help: "What to draw; `ar1 show JOB --json` lists what is measured.") var metric = "reward/mean"
  @Option(help: "Each point is the mean of so many steps up to it.") var smooth = 1
  @Option(help: "Title of the picture; the metric if not given.") var title: String?
  @Option(help: "SVG file to write.") var output: String
  @Flag(help: "Print one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func validate() throws {
    guard smooth >= 1 else { throw ValidationError("--smooth is 1 or more") }
    guard !runs.isEmpty else { throw ValidationError("name at least one job or metrics.jsonl") }
  }

  func run() async throws {
    var curves: [LineChart.Curve] = []
    for run in runs {
      let (label, source) = Self.named(run)
      let steps = try await steps(source)
      let points = steps.compactMap { step in step.metrics[metric].map { (x: step.number, y: $0) } }
      guard !points.isEmpty else {
        let known = Set(steps.flatMap(\.metrics.keys)).sorted().joined(separator: ", ")
        throw CommandError(
          steps.isEmpty
            ? "\(source) has recorded no step yet" : "\(source) has no metric \(metric); it has \(known)")
      }
      curves.append(LineChart.Curve(label: label, points: smoothed(points)))
    }
    let chart = LineChart(title: title ?? metric, xLabel: "step", yLabel: metric, curves: curves)
    try Data(chart.svg.utf8).write(to: URL(filePath: output), options: .atomic)
    if json {
      let drawn = curves.map { curve -> JSON in
        ["label": .string(curve.label), "points": .integer(curve.points.count)]
      }
      return JSONOutput.print(["output": .string(output), "metric": .string(metric), "curves": .array(drawn)])
    }
    Terminal.write("\(curves.count) curve\(curves.count == 1 ? "" : "s") in \(output)\n")
  }

  private static func named(_ run: String) -> (label: String, source: String) {
    guard let split = run.firstIndex(of: "=") else { return (run, run) }
    return (String(run[..<split]), String(run[run.index(after: split)...]))
  }

  private func steps(_ source: String) async throws -> [(number: Double, metrics: [String: Double])] {
    if let job = JobID(source) {
      return try await connection.client().steps(of: job).map { (Double($0.step), $0.metrics) }
    }
    guard let data = FileManager.default.contents(atPath: source) else {
      throw CommandError("\(source) is no job's number and no file that can be read")
    }
    return try data.split(separator: UInt8(ascii: "\n")).enumerated().compactMap { index, line in
      do {
        let record = try JSON(parsing: [UInt8](line))
        guard let step = record["step"]?.double else { return nil }
        let metrics = (record.members ?? []).filter { $0.key != "step" && $0.key != "time" }
        return (
          step,
          Dictionary(
            metrics.compactMap { entry in entry.value.double.map { (entry.key, $0) } },
            uniquingKeysWith: { $1 })
        )
      } catch {
        throw CommandError("\(source), line \(index + 1): \(error)")
      }
    }
  }

  private func smoothed(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
    points.indices.map { index in
      let window = points[max(0, index - smooth + 1)...index]
      return (points[index].x, window.reduce(0) { $0 + $1.y } / Double(window.count))
    }
  }
}

import ArgumentParser
import Inspection
import OrderedJSON

/// `ar1 eval score`: the benchmark's metric over an answers file.
struct EvalScore: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Score a file of answers in MMAD's form.",
    discussion: """
      Reports two counts: strict, where an answer that cannot be read is wrong, and upstream, which repeats \
      the published script: it removes such a record while iterating and so skips the next one too.

      Example: ar1 eval score results/before/answers.json
      """)

  @Argument(help: "JSON list of answers, as `ar1 eval` and the benchmark's own script write it.")
  var answers: String

  @Flag(help: "Print {\"strict\": …, \"upstream\": …} instead of tables.")
  var json = false

  func run() throws {
    let report = try EvaluationReport(
      records: AnswersFile.read(path: EvalCompare.file(answers)), resamples: json ? 0 : 1000)
    if json { JSONOutput.print(report.tables) } else { Terminal.write(report.text) }
  }
}

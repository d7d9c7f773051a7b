import ArgumentParser
import FoundationEssentials
import Inspection
import OrderedJSON

/// `ar1 eval compare`: two runs over the same questions.
struct EvalCompare: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare two runs question by question.",
    discussion: """
      Only questions both runs answered count; an answer that cannot be read is wrong. p is McNemar's exact two-sided \
      probability: how likely so uneven a split of the questions only one run got right is, were both equally good. \
      Questions on one picture stand and fall together; where pictures have several, p by picture is the one to go by: \
      it counts the pictures on which one run got more right than the other (sign test).

      Example: ar1 eval compare results/before results/after
      """)

  @Argument(help: "An answers file, or the folder of an evaluation.") var first: String
  @Argument(help: "The run to compare it with.") var second: String
  @Flag(help: "Also list every question whose answer became right or wrong.") var changes = false
  @Flag(help: "Print one JSON document, changes included.") var json = false

  func run() throws {
    let comparison = try PairedComparison(
      AnswersFile.read(path: Self.file(first)), AnswersFile.read(path: Self.file(second)))
    if json {
      JSONOutput.print(comparison.json)
      return
    }
    var table = Table([
      .left(""), .right("questions"), .right("first"), .right("second"), .right("gain"), .right("only first"),
      .right("only second"), .right("p"), .right("p by picture"),
    ])
    func add(_ name: String, _ counts: PairedComparison.Counts) {
      let gain = counts.second - counts.first
      table.add([
        "\(name)", "\(Format.count(counts.questions))", "\(Format.fixed(counts.first, 2)) %",
        "\(Format.fixed(counts.second, 2)) %", "\(gain > 0 ? "+" : "")\(Format.fixed(gain, 2))",
        "\(counts.onlyFirst)", "\(counts.onlySecond)", "\(Self.probability(counts.probability))",
        "\(Self.probability(counts.pictureProbability))",
      ])
    }
    for (type, counts) in comparison.types { add(type.rawValue, counts) }
    if comparison.datasets.count > 1 { for (name, counts) in comparison.datasets { add(name, counts) } }
    add("all questions", comparison.all)
    table.print()
    if comparison.onlyInFirst + comparison.onlyInSecond > 0 {
      Terminal.write(
        "left out: \(comparison.onlyInFirst) questions only the first run has, \(comparison.onlyInSecond) only the "
          + "second\n")
    }
    guard changes else { return }
    for change in comparison.changes {
      let question = change.questionText.split(separator: "\n").first.map(String.init) ?? ""
      Terminal.write(
        "\(change.isGain ? "+" : "-") \(change.image)\t\(question)\tright \(change.correct)\t"
          + "\(change.first) → \(change.second)\n")
    }
  }

  static func file(_ path: String) -> String {
    var isFolder = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    return exists && isFolder ? path + "/answers.json" : path
  }

  /// Four decimals, or two digits and the power of ten of what is smaller.
  private static func probability(_ value: Double) -> String {
    guard value < 0.0001 else { return Format.fixed(value, 4) }
    guard value > 0 else { return "< 1e-300" }
    var (digits, power) = (value, 0)
    while digits < 0.995 {
      digits *= 10
      power += 1
    }
    return "\(Format.fixed(digits, 1))e-\(power)"
  }
}

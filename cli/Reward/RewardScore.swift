import ArgumentParser
import FoundationEssentials
import Inspection
import JobModel
import ModelFiles
import OrderedJSON
import TaskExecutors

/// `ar1 reward score`: rewards of replies in a file of rows.
struct RewardScore: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Score replies with a reward.",
    discussion: """
      Each line of ROWS is a JSON object: {"reply": "…", "options": {"A": "…", …}, "answer": "B"}, or for \
      --reward iou {"reply": "…", "answer": [x1, y1, x2, y2], "scale": [sx, sy]}. A "question" beside the options \
      says what "Yes" means; without it they answer whether there is a defect. Each line of the output is \
      {"reward": x, "parts": {…}, "conclusion": "B" or null, "letter": "B" or null}.

      Rewards: roam (the paper's, 0 to 1), roam-released (as in its released code, ROAM + choice, 0 to 2), \
      classical (choice + format), format, iou; or a weighted sum, such as 'roam + 0.2 * format'.
      """)

  @Option(help: ArgumentHelp("File with one JSON row per line.", valueName: "rows"))
  var rows: String

  @Option(help: "The reward.")
  var reward: String = RewardCatalogue.defaultName

  @Option(help: "File to write, one JSON line per row.")
  var output: String

  func run() throws {
    let reward = try RewardFormula(parsing: reward).resolved()
    guard let data = FileManager.default.contents(atPath: rows) else {
      throw RewardError(message: "\(rows): no such file, or it cannot be read")
    }
    var result: [UInt8] = []
    for (index, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .enumerated()
    {
      guard !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) else { continue }
      do {
        let row = try RewardRow(parsing: line, for: reward)
        result += try reward.score(reply: row.reply, target: row.target).json.serializedBytes()
        result.append(UInt8(ascii: "\n"))
      } catch {
        throw RewardError(message: "\(rows), line \(index + 1): \(error)")
      }
    }
    do {
      try Data(result).write(to: URL(filePath: output), options: .atomic)
    } catch {
      throw RewardError(message: "\(output): cannot be written: \(FileReason.words(error))")
    }
  }
}

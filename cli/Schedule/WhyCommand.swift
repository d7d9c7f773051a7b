import ArgumentParser
import CoordinatorClient
import Glibc
import JobModel

struct WhyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why",
    abstract: "Say what a job waits for, its place in the queue, and when it should begin and end.",
    discussion: "Example: ar1 why 12")

  @Argument(help: "The job's number.") var job: Int64
  @Flag(help: "Print one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    let why = try await connection.client().why(job)
    if json { try JSONOutput.print(why) } else { Terminal.write(ExplanationText.lines(why)) }
  }
}

/// Explanations as people read them.
enum ExplanationText {
  static func lines(_ why: Explanation) -> String {
    var text = "job \(why.job) is \(why.state.rawValue)"
    if let position = why.position { text += ", number \(position) in the queue" }
    text += "\n"
    for reason in why.reasons { text += "  \(ShownText.of(reason))\n" }
    if let forecast = forecast(why) { text += "  \(forecast)\n" }
    return text
  }

  /// "begins in about 3 min 05 s", "ends in about 2 h 07 min (7.3/s)"; nil when nothing has been measured.
  static func forecast(_ why: Explanation) -> String? {
    let now = Double(time(nil))
    var parts: [String] = []
    if let start = why.startsAt { parts.append("begins in about \(Format.duration(max(0, start - now)))") }
    if let end = why.endsAt {
      let rate = why.rate.map { " at \(Format.rate($0))" } ?? ""
      parts.append("ends in about \(Format.duration(max(0, end - now)))\(rate)")
    }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }
}

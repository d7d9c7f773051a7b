import ArgumentParser
import CoordinatorClient
import JobModel

struct TopCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top",
    abstract: "Watch labs, workers, their GPUs and running tasks with their rates.",
    discussion: """
      Drawn anew every few seconds until interrupted; in a pipe, and with --once or --json, shown once. Administrators \
      see every lab.

      Example: ar1 top
      """)

  @Option(help: ArgumentHelp("Time between two looks, such as 5s.", valueName: "duration"))
  var every: TimeSpan?
  @Flag(help: "Show it once.") var once = false
  @Flag(help: "Print one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    let client = try connection.client()
    if json {
      try JSONOutput.print(try await client.overview())
      return
    }
    var rates = TaskRates()
    guard Terminal.outputIsTerminal, !once else {
      let overview = try await client.overview()
      Terminal.write(OverviewText.text(overview, rates: rates))
      return
    }
    while true {
      let overview = try await client.overview()
      rates.add(overview)
      let lines = OverviewText.text(overview, rates: rates).split(
        separator: "\n", omittingEmptySubsequences: false
      ).dropLast().map(String.init)
      // Home, then what was below is erased.
      Terminal.write("\u{1B}[H" + Frame.drawn(Frame.fitting(lines, rows: Terminal.height)) + "\u{1B}[J")
      try await Task.sleep(for: .seconds(max(0.5, every?.seconds ?? 2)))
    }
  }
}

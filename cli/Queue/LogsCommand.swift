import ArgumentParser
import CoordinatorClient
import JobModel

struct LogsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs",
    abstract: "Print the log of a job, of its finished workers too.",
    discussion: """
      With -f it goes on until the job has ended. With --json one document, {"lines":[…],"state":…}; with \
      both, one JSON object per line.

      Example: ar1 logs -f 12
      """)

  @Argument(help: "The job's number.") var job: Int64
  @Flag(name: [.short, .long], help: "Go on printing until the job has ended.") var follow = false
  @Option(help: "Only lines of this task.") var task: Int64?
  @Option(help: ArgumentHelp("Only lines after this sequence number.", valueName: "sequence"))
  var after: Int64 = 0
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    let client = try connection.client()
    let task = task
    if follow {
      let asJSON = json
      try await client.follow(job, after: after) { event in
        guard case .line(let record) = event, task == nil || record.task == task else { return }
        if asJSON { try? JSONOutput.printLine(record) } else { Terminal.write(Self.text(record)) }
      }
      return
    }
    var page = try await client.logs(of: job, after: after)
    var collected: [LogRecord] = []
    while let last = page.lines.last {
      let lines = page.lines.filter { task == nil || $0.task == task }
      if json { collected += lines } else { Terminal.write(lines.map(Self.text).joined()) }
      page = try await client.logs(of: job, after: last.sequence)
    }
    if json { try JSONOutput.print(LogPage(lines: collected, state: page.state)) }
  }

  static func text(_ record: LogRecord) -> String {
    let head = Style.faint("\(LocalTime(record.time).seconds)  task \(record.task)")
    let line = ShownText.of(record.text)
    let text = record.stream == .error ? Style.red(line) : line
    return "\(head)  \(text)\n"
  }
}

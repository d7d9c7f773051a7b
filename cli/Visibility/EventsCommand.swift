import ArgumentParser
import CoordinatorClient
import JobModel

struct EventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events",
    abstract: "Show what happened to the lab's jobs; with -f, as it happens.",
    discussion: """
      With --json and -f each event is one JSON object on one line.

      Example: ar1 events -f
      """)

  @Flag(name: [.short, .long], help: "Go on showing what happens until interrupted.") var follow = false
  @OptionGroup var filter: EventFilterOptions
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    let client = try connection.client()
    // A mistyped number is told from a job to which nothing happened.
    if let job = filter.job { _ = try await client.job(job) }
    guard follow else {
      let list = try await client.events(filter.query, before: filter.before, limit: filter.limit)
      if json { try JSONOutput.print(list) } else { EventText.print(list.events) }
      return
    }
    let (job, kind, user, asJSON) = (filter.job, filter.kind, filter.user, json)
    try await client.followEvents { event in
      guard job == nil || event.job == job, kind == nil || event.kind == kind,
        user == nil || event.user == user
      else { return }
      if asJSON { try? JSONOutput.printLine(event) } else { Terminal.write(EventText.line(event)) }
    }
  }
}

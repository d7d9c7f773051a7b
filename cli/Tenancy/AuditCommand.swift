import ArgumentParser
import CoordinatorClient
import Glibc
import JobModel

struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Show what changed a state in the lab: when, what, who and why.",
    discussion: """
      Jobs, their tasks' failures, users, tokens, and with --lab '*' also workers and every lab. For owners and \
      administrators; 'ar1 events' shows everybody what happened to jobs.

      Example: ar1 audit --user ada --since 7d
      """)

  @OptionGroup var filter: EventFilterOptions
  @Option(help: "Another lab than your own, or '*' for all; for administrators.") var lab: String?
  @Flag(help: "Print one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    var query = filter.query
    query.lab = lab
    let list = try await connection.client().audit(query, before: filter.before, limit: filter.limit)
    if json { try JSONOutput.print(list) } else { EventText.print(list.events) }
  }
}

/// Which events a command shows.
struct EventFilterOptions: ParsableArguments {
  @Option(help: "Only what happened to this job.") var job: Int64?
  @Option(help: "Only this kind, such as job-failed.") var kind: String?
  @Option(help: "Only what this user did.") var user: String?
  @Option(help: ArgumentHelp("Only the last so long, such as 2h or 7d.", valueName: "duration"))
  var since: TimeSpan?
  @Option(help: "At most so many, the newest.") var limit = 50
  @Option(help: ArgumentHelp("Only events before this one, for paging.", valueName: "event"))
  var before: Int64?

  func validate() throws {
    guard (1...1_000).contains(limit) else { throw ValidationError("--limit is a number from 1 to 1000") }
    // Here too, as 'ar1 events -f' picks out the events itself.
    if let refusal = EventKinds.refusal(of: kind.map { [$0] } ?? []) {
      throw ValidationError("--kind: \(refusal)")
    }
  }

  var query: EventQuery {
    EventQuery(
      job: job, kind: kind, user: user, since: since.map { max(0, Double(time(nil)) - $0.seconds) })
  }
}

import ArgumentParser
import CoordinatorClient
import JobModel
import OrderedJSON

struct WebhookCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "webhook",
    abstract: "Have the lab's events posted to an address.",
    discussion: """
      Each event is posted as JSON until the receiver answers 2xx, for a day, and may come twice. The header \
      Ar1-Signature, "t=…,v1=…", holds the HMAC-SHA256 in hexadecimal of the time, a point and the body, under the \
      webhook's secret. For owners and administrators.

      Example: ar1 webhook add https://chat.lab/hook --kinds job-failed,job-succeeded
      """,
    subcommands: [WebhookAdd.self, WebhookList.self, WebhookRemove.self])
}

struct WebhookAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Add a receiver; prints the secret that signs what it gets.",
    discussion: "Example: ar1 webhook add https://chat.lab/hook --kinds job-failed > hook.secret")

  @Argument(help: "Where to post to.") var url: String
  @Option(help: "Only these kinds of events, separated by commas (all that happens to jobs).")
  var kinds: String?
  @Flag(help: "Print one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    let names = kinds?.split(separator: ",").map { String($0.drop { $0 == " " }) }
    let created = try await connection.client().createWebhook(CreateWebhookRequest(url: url, kinds: names))
    if json { try JSONOutput.print(created) } else { Terminal.write(created.secret + "\n") }
  }
}

struct WebhookList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "List the lab's webhooks and how their deliveries go.",
    discussion: "Example: ar1 webhook ls")

  @Flag(help: "Print one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    let webhooks = try await connection.client().webhooks()
    if json {
      try JSONOutput.print(JobModel.WebhookList(webhooks: webhooks, next: nil))
      return
    }
    guard !webhooks.isEmpty else {
      return Terminal.writeError("no webhooks; add one with 'ar1 webhook add'\n")
    }
    var table = Table([
      .right("WEBHOOK"), .right("DELIVERED"), .right("PENDING"), .right("GIVEN UP"), .left("LAST"),
      .left("KINDS"), .left("URL"), .left("LAST ERROR"),
    ])
    for webhook in webhooks {
      table.add([
        Table.Cell(String(webhook.id)), Table.Cell(String(webhook.delivered)),
        Table.Cell(String(webhook.pending), webhook.pending > 0 ? .yellow : nil),
        Table.Cell(String(webhook.givenUp), webhook.givenUp > 0 ? .red : nil),
        Table.Cell(webhook.deliveredAt.map { Format.time($0) } ?? "never"),
        Table.Cell(webhook.kinds?.joined(separator: ",") ?? "jobs"), Table.Cell(webhook.url),
        Table.Cell(webhook.lastError ?? ""),
      ])
    }
    table.print()
  }
}

struct WebhookRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "End a webhook, with what it has not delivered.",
    discussion: "Example: ar1 webhook rm 3")

  @Argument(help: "The webhook's number.") var webhook: Int64
  @Flag(help: "Print one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    try await connection.client().deleteWebhook(webhook)
    if json {
      JSONOutput.print(["webhook": .integer(Int(webhook)), "removed": true])
    } else {
      Terminal.write("webhook \(webhook) removed\n")
    }
  }
}

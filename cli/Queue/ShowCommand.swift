import ArgumentParser
import CoordinatorClient
import Glibc
import JobModel
import OrderedJSON

struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show one job: settings, tasks, failure, reward curve, files.",
    discussion: "Example: ar1 show 12")

  @Argument(help: "The job's number.") var job: Int64
  @Flag(help: "List every task, not only those that are running or failed.") var tasks = false
  @Flag(help: "Print one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    let client = try connection.client()
    let detail = try await client.job(job)
    if json {
      try JSONOutput.print(detail)
      return
    }
    Terminal.write(try text(detail, detail.job.state.isFinal ? nil : try await client.why(job)))
  }

  private func text(_ detail: JobDetail, _ why: Explanation?) throws -> String {
    let job = detail.job
    let now = Double(time(nil))
    var text = Style.bold("job \(job.id)") + "  \(job.spec.kind.rawValue)  \(ShownText.of(job.spec.name))\n"
    func line(_ name: String, _ value: String) {
      text += Style.faint(name + String(repeating: " ", count: max(1, 12 - name.count))) + value + "\n"
    }
    line("state", JobText.style(job.state)(job.state.rawValue))
    if let failure = job.failure {
      line("reason", "\(ShownText.of(failure.message)) (\(failure.failureClass.rawValue))")
    }
    if let why {
      let place = why.position.map { " (number \($0) in the queue)" } ?? ""
      for (index, reason) in why.reasons.enumerated() {
        line(index == 0 ? "why" : "", ShownText.of(reason) + (index == 0 ? place : ""))
      }
      if let forecast = ExplanationText.forecast(why) { line("forecast", forecast) }
    }
    line("progress", JobText.progress(job))
    line(
      "submitted", "\(Format.time(job.createdAt)) by \(ShownText.of(job.user)) of \(ShownText.of(job.lab))")
    if job.startedAt != nil { line("run time", JobText.runningTime(job, now: now)) }
    text += "\n" + (try settings(job.spec)) + "\n"

    var table = Table([
      .right("TASK"), .left("KIND"), .left("STATE"), .right("TRY"), .left("WORKER"), .left("PROGRESS"),
      .left("LAST FAILURE"),
    ])
    let shown = detail.tasks.filter { tasks || $0.state == .running || $0.failure != nil }
    for task in shown {
      table.add([
        Table.Cell(String(task.id)), Table.Cell(task.kind.rawValue), JobText.state(task.state),
        Table.Cell("\(task.attempt)/\(task.maxAttempts)"), Table.Cell(task.worker ?? ""),
        Table.Cell(task.progress.map(JobText.progress) ?? ""), Table.Cell(task.failure?.message ?? ""),
      ])
    }
    text += counts(job.tasks) + "\n"
    if !table.isEmpty {
      text += table.rendered(forTerminal: Terminal.outputIsTerminal, width: Terminal.width)
    }
    for (metric, title) in [
      ("reward/mean", "mean reward by step"), ("loss", "loss by step"),
      ("validation/accuracy", "accuracy on held-out pictures"),
    ] where metric != "loss" || detail.steps.first?.metrics["reward/mean"] == nil {
      let values = detail.steps.compactMap { $0.metrics[metric] }
      if values.count > 1 { text += "\n" + Curve.plot(values, title: title) }
    }
    if !detail.artifacts.isEmpty {
      var files = Table([.left("FILE"), .right("SIZE"), .left("KIND")])
      for artifact in detail.artifacts {
        files.add([
          Table.Cell(artifact.path), Table.Cell(Format.size(Int(artifact.bytes))), Table.Cell(artifact.kind),
        ])
      }
      text += "\n" + files.rendered(forTerminal: Terminal.outputIsTerminal, width: .max)
    }
    return text
  }

  private func counts(_ counts: TaskCounts) -> String {
    let parts = TaskState.allCases.compactMap { counts[$0] > 0 ? "\(counts[$0]) \($0.rawValue)" : nil }
    return "\(counts.total) task\(counts.total == 1 ? "" : "s"): " + parts.joined(separator: ", ")
  }

  /// The settings as they are used, defaults included, one per line.
  private func settings(_ spec: JobSpec) throws -> String {
    let tree = try JSON(encoding: spec)
    let hidden: Set<String> = ["kind", "name"]
    return (tree.members ?? []).filter { !hidden.contains($0.key) && $0.value != .null }.map { member in
      let name = member.key + String(repeating: " ", count: max(1, 20 - member.key.count))
      return Style.faint(name) + Self.text(member) + "\n"
    }.joined()
  }

  private static func text(_ member: JSON.Member) -> String {
    let lengths: Set<String> = ["deadline", "stall_after"]
    if lengths.contains(member.key), let seconds = member.value.double { return Format.duration(seconds) }
    return ShownText.of(member.value.string ?? member.value.serialized())
  }
}

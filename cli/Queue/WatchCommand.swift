import ArgumentParser
import CoordinatorClient
import JobModel

struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Watch the curves of a training while it runs.",
    discussion: """
      On a terminal the curves are drawn anew with every step; in a pipe, and with --json, each step is one line. \
      It ends with the job. --metric names other curves; `ar1 show --json` lists what is measured.

      Example: ar1 watch 2 --metric reward/mean --metric ratio/clipped
      """)

  @Argument(help: "The job's number.") var job: Int64
  @Option(name: .customLong("metric"), help: "A metric to draw; may be repeated.") var metrics: [String] = []
  @Flag(help: "Print one JSON object per step.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  /// What is worth watching in a training by its method.
  private static func usual(_ settings: TrainSettings) -> [String] {
    var names =
      switch settings.method {
      case .grpo:
        ["reward/mean", "groups/zero_variance", "kl", "entropy", "gradient_norm", "completion/length_mean"]
      case .sft: ["loss", "gradient_norm", "learning_rate"]
      }
    if let validation = settings.validation {
      let isOfBoxes = settings.reward.terms.contains { $0.name.target == .box }
      names.append("validation/\((validation.metric ?? (isOfBoxes ? .iou : .accuracy)).rawValue)")
    }
    return names
  }

  func run() async throws {
    let client = try connection.client()
    guard case .train(let settings) = try await client.job(job).job.spec.settings else {
      throw CommandError("job \(job) is no training; follow it with: ar1 logs -f \(job)")
    }
    let screen = MetricScreen(names: metrics.isEmpty ? Self.usual(settings) : metrics)
    var steps: [StepRecord] = []
    while true {
      // The state is asked for first: what a job recorded before it ended is then among the steps.
      let record = try await client.wait(for: job, upTo: steps.isEmpty ? 0 : 1)
      let new = try await client.steps(of: job, after: steps.last?.step ?? 0)
      try checkNames(new)
      steps += new
      if json {
        for step in new { try JSONOutput.printLine(step) }
      } else if Terminal.outputIsTerminal {
        Terminal.write(screen.frame(steps, head: JobText.live(record, rate: nil)))
      } else {
        for step in new { Terminal.write(screen.line(step)) }
      }
      if record.state.isFinal {
        if !json, Terminal.outputIsTerminal { Terminal.write(JobWatch.summary(record)) }
        throw JobWatch.exitCode(for: record.state)
      }
      if steps.isEmpty { try await Task.sleep(for: .seconds(1)) }
    }
  }

  private func checkNames(_ steps: [StepRecord]) throws {
    guard let known = steps.first?.metrics else { return }
    // Held-out pictures are measured at some steps only.
    for name in metrics where known[name] == nil && !name.contains("validation") {
      throw CommandError(
        "a step has no metric \(name); it has \(known.keys.sorted().joined(separator: ", "))")
    }
  }
}

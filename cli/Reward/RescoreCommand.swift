import ArgumentParser
import CoordinatorClient
import Inspection
import JobModel
import OrderedJSON
import TaskExecutors

struct RescoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rescore",
    abstract: "Score the stored answers of a training or a rollout job with another reward.",
    discussion: """
      Nothing is sampled: what would this reward have seen in the answers that are there? The table compares it \
      with the reward they were drawn under: means, groups without a difference (which teach nothing), and how \
      often both put two answers of one group in the same order.

      Example: ar1 rescore 2 --reward classical --last 20
      """)

  @Argument(help: "The job's number.") var job: Int64
  @Option(help: "The reward: \(RewardFormula.names), or a sum such as 'roam + 0.2 * format'.")
  var reward: String
  @Option(help: "Only the last so many steps of a training.") var last: Int?
  @Flag(help: "Print one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func validate() throws {
    if let last, last < 1 { throw ValidationError("--last is 1 or more") }
  }

  func run() async throws {
    let formula = try RewardFormula(parsing: reward)
    let other = try formula.resolved()
    let client = try connection.client()
    let detail = try await client.job(job)
    var comparison = RewardComparison()
    let stored: StoredGroups
    let name: String
    switch detail.job.spec.settings {
    case .train(let settings):
      stored = try StoredGroups(
        model: settings.model, prompts: PromptSets.open(settings, requiringImages: false))
      name = settings.reward.description
      let steps = last.map { detail.steps.suffix($0) } ?? detail.steps[...]
      let line = ProgressLine()
      for step in steps {
        line.show("step \(step.step) of \(steps.last?.step ?? 0)")
        for group in try await client.groups(of: job, step: step.step) {
          try comparison.add(group, stored, other)
        }
      }
      line.clear()
    case .rollout(let settings):
      stored = try StoredGroups(
        model: settings.model, prompts: PromptSets.open(settings, requiringImages: false))
      name = settings.reward.description
      for group in try StoredGroups.read(settings) {
        try comparison.add(group, stored, other)
      }
    case .eval, .score:
      throw CommandError("job \(job) has no groups of scored answers; name a training or a rollout job")
    }
    guard comparison.groups > 0 else { throw CommandError("job \(job) has no scored answers yet") }
    if json {
      JSONOutput.print(comparison.json(drawn: name, other: formula.description))
    } else {
      comparison.table(drawn: name, other: formula.description).print()
    }
  }
}

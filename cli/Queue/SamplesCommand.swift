import ArgumentParser
import CoordinatorClient
import JobModel
import OrderedJSON
import TaskExecutors

struct SamplesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "samples",
    abstract: "Read what a policy answered: prompt, replies, reward by part.",
    discussion: """
      The queue keeps every group a step of a training has learnt from, a rollout job has its groups in its folder. Replies are spelt out with the tokenizer of the model the \
      run started from, questions with its data set; both folders must be readable here.

      Example: ar1 samples 2 --step 100 --groups 2
      """)

  @Argument(help: "The job's number.") var job: Int64
  @Option(help: "Which step of a training; the last one if not given.") var step: Int?
  @Option(help: "How many groups to show; 0 shows all.") var groups = 3
  @Flag(help: "Print one JSON document with all groups.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func validate() throws {
    guard groups >= 0 else { throw ValidationError("--groups is 0 or more") }
  }

  func run() async throws {
    let client = try connection.client()
    let detail = try await client.job(job)
    let found: [RolloutGroup]
    let reader: StoredGroups
    let place: String
    switch detail.job.spec.settings {
    case .train(let settings):
      guard let step = step ?? detail.steps.last?.step else {
        throw CommandError("job \(job) has recorded no step yet; wait for the first: ar1 watch \(job)")
      }
      found = try await client.groups(of: job, step: step)
      reader = try StoredGroups(
        model: settings.model, prompts: PromptSets.open(settings, requiringImages: false))
      place = ", step \(step)"
    case .rollout(let settings):
      guard step == nil else { throw CommandError("job \(job) is a rollout job and has no steps") }
      found = try StoredGroups.read(settings)
      reader = try StoredGroups(
        model: settings.model, prompts: PromptSets.open(settings, requiringImages: false))
      place = ""
    case .eval, .score:
      throw CommandError("job \(job) has no groups of answers; name a training or a rollout job")
    }
    if json {
      JSONOutput.print(JSON.array(found.map(reader.json)))
      return
    }
    let shown = groups == 0 ? found[...] : found.prefix(groups)
    Terminal.write(
      Style.bold("job \(job)\(place)") + "  \(found.count) groups"
        + (shown.count < found.count ? ", \(shown.count) shown; --groups 0 shows all" : "") + "\n")
    for group in shown { Terminal.write("\n" + reader.text(group)) }
  }
}

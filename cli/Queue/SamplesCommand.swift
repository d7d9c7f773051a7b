import ArgumentParser
import CoordinatorClient
import JobModel
import OrderedJSON
import TaskExecutors

struct SamplesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "samples",
    abstract: "Read what a training's policy answered: prompt, replies, reward by part.",
    discussion: """
      The queue keeps every group a step has learnt from. Replies are spelt out with the tokenizer of the model the \
      run started from, questions with its data set; both folders must be readable here.

      Example: ar1 samples 2 --step 100 --groups 2
      """)

  @Argument(help: "The job's number.") var job: Int64
  @Option(help: "Which step; the last one if not given.") var step: Int?
  @Option(help: "How many groups to show; 0 shows all.") var groups = 3
  @Flag(help: "Print one JSON document with all groups of the step.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func validate() throws {
    guard groups >= 0 else { throw ValidationError("--groups is 0 or more") }
  }

  func run() async throws {
    let client = try connection.client()
    let detail = try await client.job(job)
    guard case .train(let settings) = detail.job.spec.settings else {
      throw ValidationError("job \(job) is no training; a rollout job leaves its groups in its output folder")
    }
    guard let step = step ?? detail.steps.last?.step else {
      throw ValidationError("job \(job) has recorded no step yet; wait for the first: ar1 watch \(job)")
    }
    let found = try await client.groups(of: job, step: step)
    let reader = try StoredGroups(
      model: settings.model, prompts: PromptSets.open(settings, requiringImages: false))
    if json {
      Terminal.write(JSON.array(found.map(reader.json)).serialized(pretty: true) + "\n")
      return
    }
    let shown = groups == 0 ? found[...] : found.prefix(groups)
    Terminal.write(
      Style.bold("job \(job), step \(step)") + "  \(found.count) groups"
        + (shown.count < found.count ? ", \(shown.count) shown; --groups 0 shows all" : "") + "\n")
    for group in shown { Terminal.write("\n" + reader.text(group)) }
  }
}

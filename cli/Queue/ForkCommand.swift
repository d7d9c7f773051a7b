import ArgumentParser
import Checkpoints
import CoordinatorClient
import JobModel
import OrderedJSON

struct ForkCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fork",
    abstract: "Submit a training that goes on from a full state of another one, with other settings.",
    discussion: """
      The new training has the old one's settings but for those given with --set, its weights and its optimizer's \
      moments after that step, and the prompts that come next. The old one is left as it is. To go on with a \
      training that failed or was cancelled, use 'ar1 resume'.

      Example: ar1 fork 2 --from 100 --set learning_rate=1e-7 --set steps=400 --output runs/slower --wait
      """)

  @Argument(help: "The number of the training to branch off.") var job: Int64
  @Option(help: "The step to go on from; it needs a full state (see 'ar1 checkpoint ls').") var from: Int
  @Option(
    help: "Folder for the fork's checkpoints and model (<old output>-from-<step>).", completion: .directory)
  var output: String?
  @OptionGroup var submission: SubmissionOptions

  func run() async throws {
    let detail = try await submission.connection.client().job(job)
    guard case .train(let settings) = detail.job.spec.settings else {
      throw CommandError("job \(job) is no training")
    }
    let state = try Self.state(of: settings, job: job, step: from)
    var tree = try JSON(encoding: detail.job.spec)
    func set(_ key: String, _ value: JSON) { tree = SettingChange(key, to: value).applied(to: tree) }
    set("name", .string("\(detail.job.spec.name.prefix(90)) from step \(from)"))
    set("output", .string(output ?? "\(settings.output)-from-\(from)"))
    set(
      "fork",
      try JSON(
        encoding: ForkSettings(
          run: Int(job), step: from, checkpoint: state.folder, sha256: state.manifestSHA256)))
    try await submission.submit(tree, relativeTo: UpCommand.absolute("."))
  }

  private static func state(of settings: TrainSettings, job: Int64, step: Int) throws -> Checkpoint {
    let folder = CheckpointFolder(path: "\(settings.output)/checkpoints/run-\(job)")
    let states = folder.checkpoints(.state)
    guard let name = states.last(where: { $0.step == step }) else {
      let steps = Set(states.map(\.step)).sorted().map(String.init).joined(separator: ", ")
      throw CommandError(
        "job \(job) has no full state of step \(step) in \(folder.path); "
          + (steps.isEmpty ? "there is none at all" : "there are those of steps \(steps)"))
    }
    return try Checkpoint(folder: folder.path(of: name))
  }
}

import ArgumentParser
import BaseModel
import Tensors

/// `ar1 base make`: makes the small model of the demonstration again.
struct BaseMake: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "make",
    abstract: "Make a small base model that has learnt to speak, and nothing about defects.",
    discussion: """
      The model is a Qwen2.5-VL of 1.9 million parameters. It learns a tokenizer, then to see and to describe \
      drawn pictures of products that the demonstration does not have, in the form of the paper's answers; what \
      it answers about defects is drawn by lot. The folder opens like a downloaded model, here and in \
      transformers. The same seed, steps and threads give the same model on the same kind of machine. It ends \
      with a check on new pictures.
      """)

  @Option(help: "The folder to save the model in; it is made if it does not exist.")
  var output: String

  @Option(help: "Decides pictures, lessons and fresh weights.")
  var seed: UInt64 = 0

  @Option(help: "Steps of the first stage, in which the vision tower learns to see.")
  var sightSteps = BaseRecipe().sight.steps

  @Option(help: "Steps of the second stage, in which the whole network learns to speak.")
  var steps = BaseRecipe().speech.steps

  @Option(help: "Threads to use; all cores unless given.")
  var threads: Int?

  func validate() throws {
    guard steps >= 0, sightSteps >= 0 else { throw ValidationError("Steps cannot be negative.") }
    if let threads, threads < 1 { throw ValidationError("--threads has to be at least 1.") }
  }

  func run() throws {
    if let threads { ComputeThreads.set(threads) }
    var recipe = BaseRecipe(seed: seed)
    recipe.sight.steps = sightSteps
    recipe.speech.steps = steps
    let line = ProgressLine()
    let report = try BaseMaker(recipe: recipe).make(folder: output) { progress in
      line.show(Self.text(progress))
      if progress.step == progress.steps { line.note(Self.text(progress)) }
    }
    line.clear()
    Terminal.write(Self.text(report, folder: output) + "\n")
  }

  private static func text(_ progress: BaseProgress) -> String {
    let share = Double(progress.step) / Double(max(1, progress.steps))
    return "\(progress.stage.rawValue) \(ProgressLine.bar(share)) step \(progress.step)/\(progress.steps)"
      + " · loss \(Format.fixed(progress.loss, 3)) · \(Format.rate(progress.picturesPerSecond)) pictures"
      + " · \(Format.duration(progress.secondsLeft)) left"
  }

  private static func text(_ report: BaseReport, folder: String) -> String {
    func stage(_ name: String, _ stage: BaseReport.Stage) -> String {
      var text =
        "\(name): \(Format.count(stage.steps)) steps in \(Format.duration(stage.seconds)), loss "
        + "\(Format.fixed(stage.firstLoss, 3)) → \(Format.fixed(stage.lastLoss, 3))"
      if stage.separation.count == 2 {
        text +=
          "; tells defects apart on new pictures: \(Format.percent(stage.separation[0])), on the demonstration's "
          + "products: \(Format.percent(stage.separation[1])) (area under the curve)"
      }
      return text
    }
    func check(_ name: String, _ check: BaseReport.Check) -> String {
      """
      On \(check.pictures) new pictures of \(name):
        answers in the form asked for   \(Format.percent(check.formatted))
        Anomaly Detection accuracy      \(Format.percent(check.detectionAccuracy))  (chance is 50 %)
        answers its own conclusion      \(Format.percent(check.agreement))
        matches letter and option       \(Format.percent(check.binding))
        describes a mark where one is   \(Format.percent(check.notices))
        names its kind, its place       \(Format.percent(check.namesKind)), \(Format.percent(check.namesPlace))
        names product, colour           \(Format.percent(check.namesProduct)), \
      \(Format.percent(check.namesColour))
        for example                     \(check.sample)
      """
    }
    return """
      \(stage("Sight", report.sight))
      \(stage("Speech", report.speech))
      \(check("the products it has learnt from", report.known))
      \(check("the demonstration's products", report.demonstration))
      \(folder): \(Format.count(report.parameters)) parameters, \(Format.count(report.vocabulary)) tokens, \
      \(Format.size(report.bytes))
      """
  }
}

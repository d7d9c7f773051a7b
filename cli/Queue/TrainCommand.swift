import ArgumentParser
import JobModel
import OrderedJSON

struct TrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Submit a training, by GRPO or by supervised fine-tuning.",
    discussion: """
      What is not given has the value of the paper's run: 8 prompts of 8 answers per step, 1000 steps, AdamW \
      at 5e-7, β 0.04, ε 0.2, reward roam.

      docs/training-settings.md explains every setting; groups of them (advantage, mismatch, adam, lora, validation) are given in \
      a job file.

      Example: ar1 train --model models/base --data data/mmad --output runs/first --steps 200 --wait
      """)

  @Option(help: "Folder of the model to start from.", completion: .directory) var model: String?
  @Option(
    help: "Root of the data set (with mmad.json), or a file of rows (.json, .jsonl).", completion: .file())
  var data: String?
  @Option(help: "Folder that a file of rows names its pictures from (its own).", completion: .directory)
  var images: String?
  @Option(help: "Folder for checkpoints and the trained model.", completion: .directory) var output: String?
  @Option(help: "paper or paper-released: the run that gives what is not given here.") var preset: String?
  @Option(help: "grpo (from answers and their rewards) or sft (from given replies).") var method: String?
  @Option(help: "\(RewardFormula.names), or a sum such as 'roam + 0.2 * format'.") var reward: String?
  @Option(name: .customLong("protocol"), help: "mmad, paper, paper-released or paper-released-training.")
  var promptProtocol: String?
  @Option(help: "Reference images per question (as the protocol prescribes).") var references: Int?
  @Option(help: "Question types to learn from, separated by commas (all).") var questionTypes: String?
  @Option(help: "Optimizer steps.") var steps: Int?
  @Option(help: "Prompts per step.") var promptsPerStep: Int?
  @Option(help: "Prompts a rollout worker answers together.") var promptsPerTask: Int?
  @Option(help: "Answers per prompt.") var groupSize: Int?
  @Option(help: "Longest answer in tokens.") var maxNewTokens: Int?
  @Option(help: "Sampling temperature.") var temperature: Double?
  @Option(help: "Learning rate.") var learningRate: Double?
  @Option(help: "linear, cosine or constant.") var schedule: String?
  @Option(help: "Steps of rising learning rate.") var warmupSteps: Int?
  @Option(help: "Weight of the KL term.") var beta: Double?
  @Option(help: "Lower clip of the ratio.") var epsilonLow: Double?
  @Option(help: "Upper clip of the ratio.") var epsilonHigh: Double?
  @Option(help: "Bound of the dual clip, above 1 (none).") var dualClip: Double?
  @Option(help: "grpo, dapo, bnpo or dr_grpo.") var reduction: String?
  @Option(help: "Updates of the policy from the same answers.") var innerIterations: Int?
  @Option(help: "Ratio of each token or of the sequence: token or sequence.") var ratioLevel: String?
  @Option(help: "Estimate of the KL term: k1, k2, k3 or abs.") var klEstimator: String?
  @Option(help: "AdamW's weight decay.") var weightDecay: Double?
  @Option(help: "Gradient clipping; 0 for none.") var maxGradientNorm: Double?
  @Option(help: "Leave out groups whose rewards deviate no more than this.") var minRewardStd: Double?
  @Option(help: "Rounds of further prompts in place of those groups (0).") var resample: Int?
  @Option(help: "all, language or lora.") var trainedPart: String?
  @Option(help: "What the policy is kept in: float32 or bfloat16.") var dtype: String?
  @Option(help: "Prompts in one pass of the learner (all of a step).") var promptsPerPass: Int?
  @Option(help: "Recompute layers to save memory: true or false.") var recomputeLayers: Bool?
  @Option(help: "Seed of the run.") var seed: Int?
  @Option(help: "Steps between checkpoints.") var saveEvery: Int?
  @Option(help: "Versions a group may be old when it is learnt from.") var staleness: Int?

  @OptionGroup var submission: SubmissionOptions

  func run() async throws {
    try await submission.submit(
      kind: .train,
      [
        ("model", .text(model)), ("data", .text(data)), ("images", .text(images)),
        ("output", .text(output)),
        ("preset", .text(preset)), ("method", .text(method)), ("reward", .text(reward)),
        ("protocol", .text(promptProtocol)),
        ("references", .whole(references)),
        ("question_types", .list(questionTypes)), ("steps", .whole(steps)),
        ("prompts_per_step", .whole(promptsPerStep)), ("prompts_per_task", .whole(promptsPerTask)),
        ("group_size", .whole(groupSize)),
        ("max_new_tokens", .whole(maxNewTokens)), ("temperature", .real(temperature)),
        ("learning_rate", .real(learningRate)), ("schedule", .text(schedule)),
        ("warmup_steps", .whole(warmupSteps)), ("beta", .real(beta)),
        ("epsilon_low", .real(epsilonLow)), ("epsilon_high", .real(epsilonHigh)),
        ("dual_clip", .real(dualClip)), ("reduction", .text(reduction)), ("ratio_level", .text(ratioLevel)),
        ("kl_estimator", .text(klEstimator)), ("min_reward_std", .real(minRewardStd)),
        ("resample", .whole(resample)), ("inner_iterations", .whole(innerIterations)),
        ("prompts_per_pass", .whole(promptsPerPass)), ("recompute_layers", recomputeLayers.map(JSON.bool)),
        ("weight_decay", .real(weightDecay)),
        ("max_gradient_norm", .real(maxGradientNorm)), ("trained_part", .text(trainedPart)),
        ("dtype", .text(dtype)),
        ("seed", .whole(seed)), ("save_every", .whole(saveEvery)), ("staleness", .whole(staleness)),
      ])
  }
}

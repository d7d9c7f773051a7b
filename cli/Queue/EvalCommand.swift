import ArgumentParser
import OrderedJSON

/// `ar1 eval --model …` submits; the sub-commands work on answers files alone.
struct EvalCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Measure a model on questions about pictures; score, report and compare answers.",
    discussion: """
      Without a sub-command an evaluation is submitted, with these settings:
        --model FOLDER           the model to evaluate
        --data PATH              the data set
        --dtype NAME             float32, bfloat16 or int8: memory and speed of the weights
        --output FOLDER          where answers and reports go
        --protocol NAME          mmad, paper, paper-released or paper-released-training
        --references N           reference images per question
        --reference-source NAME  random or similar
        --domain-knowledge true  texts on products and defects (mmad)
        --option-order NAME      published or shuffled
        --trained-on RECORD      to count the overlap with the training
        --question-types LIST    only these, separated by commas
        --limit N                only so many questions, spread evenly
        --shard-size N, --max-new-tokens N, --seed N, --wait, --json
      'ar1 help eval submit' explains them and those of every job.

      Examples:
        ar1 eval --model models/base --data data/mmad --output before --wait
        ar1 eval --model models/base --data data/mmad --output retrieved \\
          --protocol mmad --references 2 --reference-source similar
        ar1 eval compare before after
        ar1 eval report before --data data/mmad --output before
        ar1 eval score before/answers.json
      """,
    subcommands: [EvalSubmitCommand.self, EvalScore.self, EvalReport.self, EvalCompare.self],
    defaultSubcommand: EvalSubmitCommand.self)
}

struct EvalSubmitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit",
    abstract: "Submit an evaluation (what 'ar1 eval' does without a sub-command).",
    discussion: """
      OUTPUT gets answers.json in MMAD's form and report.txt, .json, .csv, .tex and .html. DATA is MMAD, a data set in \
      its layout, or one of labelled pictures, of which it is asked whether there is a defect ('ar1 data check' says \
      what a folder is). A report names its protocol: accuracies under different ones are different things.

      Example: ar1 eval --model models/base --data data/mmad --output results/before --limit 200 --wait
      """)

  @Option(help: "Folder of the model to evaluate.", completion: .directory) var model: String?
  @Option(help: "How its weights are held: float32, bfloat16 or int8 (float32).") var dtype: String?
  @Option(help: "The data set.", completion: .directory) var data: String?
  @Option(help: "Folder for answers and reports.", completion: .directory) var output: String?
  @Option(
    name: .customLong("protocol"), help: "mmad, paper, paper-released or paper-released-training (paper).")
  var promptProtocol: String?
  @Option(help: "Reference images per question (as the protocol prescribes).") var references: Int?
  @Option(help: "random, or similar: retrieved by the data set or by the model's vision features (random).")
  var referenceSource: String?
  @Option(help: "Texts on products and defects in the prompt of protocol mmad: true or false (false).")
  var domainKnowledge: Bool?
  @Option(help: "published, or shuffled by the seed (published).") var optionOrder: String?
  @Option(
    help:
      "Record of what the model was trained on, to count the overlap: trained-on.json, few-shot.json or a folder with one or mmad.json (the model's own; else the one beside a few-shot split).",
    completion: .directory)
  var trainedOn: String?
  @Option(help: "Only so many questions, spread evenly over data sets, classes and types.") var limit: Int?
  @Option(help: "Question types, separated by commas (all).") var questionTypes: String?
  @Option(help: "Questions per shard (64).") var shardSize: Int?
  @Option(help: "Longest answer in tokens (as the protocol prescribes).") var maxNewTokens: Int?
  @Option(help: "Seed of shuffled options, drawn references and intervals (0).") var seed: Int?

  @OptionGroup var submission: SubmissionOptions

  func run() async throws {
    try await submission.submit(
      kind: .eval,
      [
        ("model", .text(model)), ("dtype", .text(dtype)), ("data", .text(data)), ("output", .text(output)),
        ("protocol", .text(promptProtocol)), ("references", .whole(references)),
        ("reference_source", .text(referenceSource)), ("domain_knowledge", domainKnowledge.map(JSON.bool)),
        ("option_order", .text(optionOrder)), ("trained_on", .text(trainedOn)), ("limit", .whole(limit)),
        ("question_types", .list(questionTypes)), ("shard_size", .whole(shardSize)),
        ("max_new_tokens", .whole(maxNewTokens)), ("seed", .whole(seed)),
      ])
  }
}

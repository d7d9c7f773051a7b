import ArgumentParser
import Inspection
import QwenVL
import Tensors

/// `ar1 model merge`: a model with its adapter merged into the weights.
struct ModelMerge: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Write a model with a LoRA adapter merged into its weights.",
    discussion: """
      The result is a model folder of its own, which transformers opens too, with the tokenizer and settings of the \
      model. Matrices are merged in float32, one at a time.
      """)

  @Argument(help: "A model folder in Hugging Face form.", completion: .directory)
  var model: String

  @Option(help: "The folder of the adapter.", completion: .directory)
  var adapter: String

  @Option(help: "The folder to write; made if it does not exist.", completion: .directory)
  var output: String

  @Option(help: "How the weights are stored: float32 or bfloat16.")
  var dtype: QwenModel.StoredType = .bfloat16

  func run() throws {
    // In the form the file has, so that nothing is rounded twice and nothing takes more memory than it must.
    let stored = try WeightsSummary(folder: model, tiedEmbeddings: false).dtype
    let base = try QwenModel.load(folder: model, dtype: DType(rawValue: stored) ?? .float32)
    let adapted = base.adapted(by: try LoRAAdapter(folder: adapter, for: base), training: false)
    try adapted.save(to: output, dtype: dtype)
    try TrainingRecord.copy(TrainingRecord.path(inModel: adapter), to: output)
  }
}

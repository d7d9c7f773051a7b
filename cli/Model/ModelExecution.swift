import ArgumentParser
import QwenVL
import Tensors

/// Where and how precisely a model computes.
struct DeviceOptions: ParsableArguments {
  @Option(help: "Where to compute: cpu, or cuda:N for a GPU.")
  var device = "cpu"

  @Option(
    help: ArgumentHelp(
      "How the weights are kept: float32, bfloat16 or int8.",
      discussion: """
        Sums are float32 in any case; what is multiplied with the weights is rounded like them. bfloat16 reads \
        the published folders as they are, in half the memory; int8 is quantised once, in blocks of 32, and kept \
        in the folder's .ar1.
        """))
  var dtype = "float32"

  /// `dtype`, once it has been validated.
  var weights: DType { DType(rawValue: dtype) ?? .float32 }

  func validate() throws {
    guard let place = ComputeDevice(device) else {
      throw ValidationError("--device \(device) is unknown; use cpu, or cuda:0 for the first GPU")
    }
    guard place == .cpu || weights != .int8 else {
      throw ValidationError("--dtype int8 is for cpu; on a GPU take bfloat16 or float32")
    }
    guard DType(rawValue: dtype) != nil else {
      let known = DType.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--dtype \(dtype) is unknown; there are \(known)")
    }
  }

  /// The model of a folder in the form that was asked for; notices go to standard error.
  func load(_ folder: String, training: TrainedPart = .nothing) throws -> QwenModel {
    try QwenModel.load(
      folder: folder, dtype: weights, training: training, device: ComputeDevice(device)?.open()
    ) { notice in
      Terminal.writeError("\(notice)\n")
    }
  }
}

/// An adapter to put on the model.
struct AdapterOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The folder of a LoRA adapter of the decoder.",
      discussion:
        "adapter_config.json and adapter_model.safetensors, as a training here or the PEFT library writes them."
    ), completion: .directory)
  var adapter: String?

  /// The model under the adapter, if one was asked for.
  func adapt(_ model: QwenModel, training: Bool = false) throws -> QwenModel {
    guard let adapter else { return model }
    return model.adapted(by: try LoRAAdapter(folder: adapter, for: model), training: training)
  }
}

/// A model folder and a request for it.
struct RequestArguments: ParsableArguments {
  @Argument(help: "A model folder in Hugging Face form.", completion: .directory)
  var model: String

  @Option(
    help: "A JSON file with \"messages\" or \"input_ids\" and \"images\".",
    completion: .file(extensions: ["json"]))
  var request: String

  /// The request as the prompt the model takes.
  func prompt(of request: RequestFile) throws -> Prompt {
    try request.prompt(folder: model)
  }
}

import ArgumentParser
import QwenVL
import Tensors

/// Where and how precisely a model computes.
struct DeviceOptions: ParsableArguments {
  @Option(help: "Where to compute: cpu. (cuda:N is not available in this version.)")
  var device = "cpu"

  @Option(help: "How to compute: float32. (bfloat16 and int8 are not available in this version.)")
  var dtype = "float32"

  func validate() throws {
    guard device == "cpu" else {
      if device.hasPrefix("cuda") {
        throw ValidationError("--device \(device): this version computes on the CPU only; use --device cpu")
      }
      throw ValidationError("--device \(device) is unknown; use --device cpu")
    }
    guard dtype == "float32" else {
      if dtype == "bfloat16" || dtype == "int8" {
        throw ValidationError("--dtype \(dtype): this version computes in float32 only; use --dtype float32")
      }
      throw ValidationError("--dtype \(dtype) is unknown; use --dtype float32")
    }
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
    try request.prompt(try PromptEncoder(folder: model))
  }
}

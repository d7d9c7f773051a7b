import ArgumentParser
import OrderedJSON
import PostTraining
import QwenVL
import Tensors

/// `ar1 model gradient`: the GRPO loss of given completions and its gradients.
struct ModelGradient: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gradient",
    abstract: "Compute the GRPO loss of given completions and its gradients.",
    discussion: """
      The request also holds "completions" (ids, advantage and, optionally, old_logprobs and ref_logprobs), \
      "objective" and "train" (all or language). Writes a safetensors file with loss, logprobs.<i> and \
      grad.<parameter>.
      """)

  @OptionGroup var arguments: RequestArguments

  @Option(help: "The safetensors file to write.", completion: .file(extensions: ["safetensors"]))
  var output: String

  @OptionGroup var device: DeviceOptions

  func run() throws {
    let request = try ModelRequest(path: arguments.request)
    let asked = try GradientRequest(request)
    let prompt = try arguments.prompt(of: request)
    let model = try QwenModel.load(folder: arguments.model, training: asked.part)
    let current = try model.packedLogProbabilities(batch: [
      PromptCompletions(prompt: prompt, completions: asked.completions.map(\.ids))
    ])
    let (loss, _) = try asked.objective.loss(
      current: current,
      answers: asked.completions.map {
        GRPOObjective.PackedAnswer(
          count: $0.ids.count, old: $0.old, reference: $0.reference, advantage: $0.advantage)
      })
    loss.backward()

    var tensors: [(String, SafetensorsTensor)] = [("loss", .floats(loss.values, shape: [1]))]
    var start = 0
    let values = current.values
    for (index, completion) in asked.completions.enumerated() {
      let own = Array(values[start..<start + completion.ids.count])
      tensors.append(("logprobs.\(index)", .floats(own, shape: [own.count])))
      start += own.count
    }
    for (name, parameter) in model.trainedParameters {
      guard let gradient = parameter.gradient else { continue }
      tensors.append(("grad.\(name)", .float32(gradient.reshaped(parameter.shape))))
    }
    try SafetensorsWriter.write(tensors, to: output)
  }
}

/// The part of a request that only `gradient` reads.
struct GradientRequest {
  struct GivenCompletion {
    let ids: [Int]
    let advantage: Float
    let old: [Float]?
    let reference: [Float]?
  }

  let completions: [GivenCompletion]
  let objective: GRPOObjective
  let part: TrainedPart

  init(_ request: ModelRequest) throws {
    let path = request.path
    guard let given = request.json["completions"]?.array, !given.isEmpty else {
      throw RequestError(path, "\"completions\" has to be a list of at least one completion")
    }
    completions = try given.enumerated().map { index, completion in
      let fields = RequestFields(completion, path: path, place: "completions[\(index)].")
      guard let ids = try fields.integers("ids"), !ids.isEmpty else {
        throw RequestError(path, "completions[\(index)] has no \"ids\"")
      }
      guard let advantage = try fields.number("advantage") else {
        throw RequestError(path, "completions[\(index)] has no \"advantage\"")
      }
      return GivenCompletion(
        ids: ids, advantage: advantage, old: try fields.numbers("old_logprobs"),
        reference: try fields.numbers("ref_logprobs"))
    }
    objective = try Self.objective(request.json["objective"] ?? .object([]), path: path)
    switch try RequestFields(request.json, path: path).string("train") ?? "all" {
    case "all": part = .all
    case "language": part = .language
    case "lora":
      throw RequestError(path, "\"train\": \"lora\" is not available in this version; use \"all\" or \"language\"")
    case let other:
      throw RequestError(path, "\"train\": \"\(other)\" is unknown; use \"all\" or \"language\"")
    }
  }

  private static func objective(_ json: JSON, path: String) throws -> GRPOObjective {
    let fields = RequestFields(json, path: path, place: "objective.")
    var objective = GRPOObjective()
    if let name = try fields.string("reduction") {
      guard let reduction = GRPOObjective.Reduction(rawValue: name) else {
        let known = GRPOObjective.Reduction.allCases.map(\.rawValue).joined(separator: ", ")
        throw RequestError(path, "\"objective.reduction\": \"\(name)\" is unknown; there are \(known)")
      }
      objective.reduction = reduction
    }
    if let low = try fields.number("epsilon_low") { objective.epsilonLow = low }
    if let high = try fields.number("epsilon_high") { objective.epsilonHigh = high }
    if let beta = try fields.number("beta") { objective.beta = beta }
    if let length = try fields.integer("max_length", atLeast: 1) { objective.maxLength = length }
    try objective.validate()
    return objective
  }
}

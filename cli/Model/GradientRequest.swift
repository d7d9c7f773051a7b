import OrderedJSON
import PostTraining
import QwenVL

/// The part of a request that only `gradient` reads.
struct GradientRequest {
  struct GivenCompletion {
    let ids: [Int]
    let advantage: Float
    let old: [Float]?
    let reference: [Float]?
  }

  /// What the loss is differentiated by.
  enum Trained {
    case network(TrainedPart)
    /// The matrices of an adapter, a fresh one with these settings where none is given.
    case adapter(LoRASettings, seed: UInt64)
  }

  let completions: [GivenCompletion]
  let objective: GRPOObjective
  let trained: Trained

  init(_ request: RequestFile) throws {
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
    case "all": trained = .network(.all)
    case "language": trained = .network(.language)
    case "lora": trained = try Self.adapter(request.json["lora"] ?? .object([]), path: path)
    case let other:
      throw RequestError(
        path, "\"train\": \"\(other)\" is unknown; use \"all\", \"language\" or \"lora\"")
    }
  }

  private static func adapter(_ json: JSON, path: String) throws -> Trained {
    let fields = RequestFields(json, path: path, place: "lora.")
    var settings = LoRASettings()
    if let rank = try fields.count("rank") { settings.rank = rank }
    if let alpha = try fields.number("alpha") { settings.alpha = Double(alpha) }
    if json["targets"] != nil {
      settings.targets = try fields.strings("targets").map { name in
        guard let target = LoRASettings.Target(rawValue: name) else {
          let known = LoRASettings.Target.allCases.map(\.rawValue).joined(separator: ", ")
          throw RequestError(path, "\"lora.targets\": \"\(name)\" is unknown; there are \(known)")
        }
        return target
      }
    }
    return .adapter(settings, seed: UInt64(try fields.count("seed") ?? 0))
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
    if let length = try fields.count("max_length") { objective.maxLength = length }
    try objective.validate()
    return objective
  }
}

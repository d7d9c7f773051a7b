import ArgumentParser
import Checkpoints
import FoundationEssentials
import Inspection
import OrderedJSON
import QwenVL
import TaskExecutors
import Tensors

struct CheckpointExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the model of a checkpoint as a folder that transformers opens.",
    discussion: """
      What the checkpoint does not hold (parameters that were not trained) comes from the model the run started \
      from, which it names; --model gives another place for it.

      Example: ar1 checkpoint export runs/first/checkpoints/run-2/policy-000040-e1-0123456789abcdef --output best
      """)

  @Argument(help: "A checkpoint's folder.", completion: .directory) var checkpoint: String
  @Option(help: "Folder to write to; must be new or empty.", completion: .directory) var output: String
  @Option(help: "The model the run started from, if it has moved.", completion: .directory) var model: String?
  @Option(help: "How weights are stored: float32 or bfloat16 (as they were trained).")
  var dtype: QwenModel.StoredType?
  @Flag(help: "Print one JSON document.") var json = false

  func run() throws {
    if let found = try? FileManager.default.contentsOfDirectory(atPath: output), !found.isEmpty {
      throw CommandError("\(output) is not empty; name a new folder")
    }
    let opened = try Checkpoint.named(checkpoint)
    guard let base = model ?? opened.manifest.origin["model"] else {
      throw CommandError("the checkpoint does not say which model it started from; give --model")
    }
    let trained = opened.manifest.origin["dtype"].flatMap { QwenModel.StoredType(rawValue: $0) } ?? .float32
    let loaded = try QwenModel.load(folder: base, dtype: trained == .bfloat16 ? .bfloat16 : .float32)
    let network = try Self.adapted(loaded, as: opened.manifest.origin)
    let stored = network.adapter?.parameters ?? network.parameters
    let parameters = Dictionary(uniqueKeysWithValues: stored.map { ($0.name, $0.tensor) })
    var taken = 0
    for name in opened.names {
      guard let tensor = parameters[name] else { continue }
      try opened.load(name, into: tensor)
      taken += 1
    }
    guard taken > 0 else {
      throw CommandError(
        "\(checkpoint) holds no parameter of the model in \(base); give the right --model")
    }
    try network.save(to: output, dtype: dtype ?? trained)
    try TrainingRecord.copy(TrainingRecord.path(besidesCheckpoint: checkpoint), to: output)
    if json {
      return JSONOutput.print([
        "output": .string(output), "step": .integer(opened.manifest.step),
        "tensors": .integer(taken), "of": .integer(parameters.count),
      ])
    }
    Terminal.write(
      "\(taken) of \(parameters.count) tensors are those of step \(opened.manifest.step); the model lies in \(output)\n"
    )
  }

  /// The model under the adapter whose matrices the checkpoint holds, if it does.
  private static func adapted(_ model: QwenModel, as origin: [String: String]) throws -> QwenModel {
    guard let rank = origin["lora_rank"].flatMap({ Int($0) }),
      let alpha = origin["lora_alpha"].flatMap({ Double($0) })
    else { return model }
    let targets = (origin["lora_targets"] ?? "").split(separator: ",").compactMap {
      LoRASettings.Target(rawValue: String($0))
    }
    let settings = LoRASettings(rank: rank, alpha: alpha, targets: targets)
    return model.adapted(by: try LoRAAdapter(for: model, settings: settings, seed: 0), training: false)
  }
}

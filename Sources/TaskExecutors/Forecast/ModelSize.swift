package import JobModel
internal import QwenVL
internal import Tensors

/// Numbers of a model, from the headers of its weight files; no weight is read.
package struct ModelSize: Sendable {
  package let parameters: Int
  /// Those of the vision tower.
  package let vision: Int
  let configuration: QwenConfiguration

  package init(folder: String) throws {
    configuration = try QwenConfiguration(folder: folder)
    let weights = try ShardedWeights(folder: folder)
    var parameters = 0
    var vision = 0
    for name in weights.names where !(configuration.tiedEmbeddings && name == "lm_head.weight") {
      let count = try weights.shape(of: name).reduce(1, *)
      parameters += count
      if name.hasPrefix("visual.") || name.hasPrefix("model.visual.") { vision += count }
    }
    self.parameters = parameters
    self.vision = vision
  }

  package func trained(_ settings: TrainSettings) -> Int {
    switch settings.trainedPart {
    case .all: parameters
    case .language: parameters - vision
    case .lora: adapter(settings.lora ?? AdapterSettings())
    }
  }

  /// Both matrices of every adapted projection: rank · (inputs + outputs).
  private func adapter(_ adapter: AdapterSettings) -> Int {
    let text = configuration.text
    let keyValue = text.keyValueHeads * text.headDimension
    let sides = adapter.targets.reduce(0) { sum, target in
      switch target {
      case .query, .output: sum + 2 * text.hiddenSize
      case .key, .value: sum + text.hiddenSize + keyValue
      case .gate, .up, .down: sum + text.hiddenSize + text.intermediateSize
      }
    }
    return text.layers * adapter.rank * sides
  }

  /// Numbers that one token leaves behind in a decoder layer for the backward pass: the inputs of its products and
  /// norms, queries, keys and values before and after their rotation, and the gate's four.
  var perTokenAndLayer: Int {
    let text = configuration.text
    let keyValue = text.keyValueHeads * text.headDimension
    return 9 * text.hiddenSize + 4 * keyValue + 4 * text.intermediateSize
  }

  /// The same for a patch in a vision block.
  var perPatchAndBlock: Int {
    let vision = configuration.vision
    return 11 * vision.hiddenSize + 4 * vision.intermediateSize
  }
}

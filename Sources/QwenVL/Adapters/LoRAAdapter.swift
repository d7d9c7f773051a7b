import Digests
public import Tensors

/// Low-rank changes to the projections of a decoder, beside weights that stay as they are.
///
/// An adapter shares nothing with the model it was made for but the shapes: it is put on a model by
/// ``QwenModel/adapted(by:training:)`` and saved alone. Like tensors it is confined to one thread at a time.
public struct LoRAAdapter {
  public let settings: LoRASettings
  /// Both matrices of every adapted projection in the order of the network, under the names of PEFT's files.
  public let parameters: [(name: String, tensor: Tensor)]
  /// By the projection's name without `.weight`.
  let updates: [String: LowRankUpdate]
  /// Whether the targets are adapted in all layers of the decoder.
  let coversEveryLayer: Bool

  /// A fresh adapter, under which a model computes what it did before: `down` is uniform within 1 / √inputs,
  /// `up` is 0.
  ///
  /// - Parameter seed: decides the values, together with the names.
  /// - Throws: `ModelError.invalid` for settings no adapter can be made with.
  public init(for model: QwenModel, settings: LoRASettings, seed: UInt64) throws {
    try self.init(for: model, settings: settings) { name, shape in
      if name.hasSuffix(Self.up) { return Tensor.zeros(shape) }
      var hash = FNV1a()
      hash.combine(name)
      let stream = SampleStream(key: SampleStream.key(seed: seed ^ hash.value, prompt: 0, completion: 0))
      let bound = 1 / Double(shape[1]).squareRoot()
      let values = (0..<shape[0] * shape[1]).map { Float((2 * stream.uniform(at: $0) - 1) * bound) }
      return Tensor(values, shape: shape)
    }
  }

  /// - Parameters:
  ///   - covers: whether a projection among the targets is adapted.
  ///   - take: finds each matrix by its name in PEFT's files and its shape.
  init(
    for model: QwenModel, settings: LoRASettings, scale: Double? = nil,
    covering covers: (_ projection: String) -> Bool = { _ in true },
    take: (_ name: String, _ shape: [Int]) throws -> Tensor
  ) throws {
    try settings.validate()
    var coversEveryLayer = true
    var parameters: [(name: String, tensor: Tensor)] = []
    var updates: [String: LowRankUpdate] = [:]
    for (name, weight) in model.parameters {
      guard let projection = Self.projection(name, among: settings.targets) else { continue }
      guard covers(projection) else {
        coversEveryLayer = false
        continue
      }
      let down = try take(Self.prefix + projection + Self.down, [settings.rank, weight.shape[1]])
        .moved(to: weight.device)
      let up = try take(Self.prefix + projection + Self.up, [weight.shape[0], settings.rank])
        .moved(to: weight.device)
      parameters.append((Self.prefix + projection + Self.down, down))
      parameters.append((Self.prefix + projection + Self.up, up))
      updates[projection] = LowRankUpdate(
        down: down, up: up, factor: Float(scale ?? settings.alpha / Double(settings.rank)))
    }
    self.init(
      settings: settings, parameters: parameters, updates: updates, coversEveryLayer: coversEveryLayer)
  }

  private init(
    settings: LoRASettings, parameters: [(name: String, tensor: Tensor)], updates: [String: LowRankUpdate],
    coversEveryLayer: Bool
  ) {
    self.coversEveryLayer = coversEveryLayer
    self.settings = settings
    self.parameters = parameters
    self.updates = updates
  }

  /// The adapted projections in the order of the network, without `.weight`.
  var projections: [String] {
    parameters.map(\.name).filter { $0.hasSuffix(Self.down) }
      .map { String($0.dropFirst(Self.prefix.count).dropLast(Self.down.count)) }
  }

  /// What changes the weight of this name.
  func update(ofWeight name: String) -> LowRankUpdate? {
    name.hasSuffix(".weight") ? updates[String(name.dropLast(".weight".count))] : nil
  }

  /// The same matrices in the same memory, which record gradients or do not.
  func recording(_ records: Bool) -> LoRAAdapter {
    viewed { records ? $0.asParameter() : $0.detached() }
  }

  /// The same matrices in the memory of a GPU.
  func moved(to device: CUDADevice) -> LoRAAdapter {
    viewed { $0.placed(on: device) }
  }

  private func viewed(_ view: (Tensor) -> Tensor) -> LoRAAdapter {
    let tensors = parameters.map { ($0.name, view($0.tensor)) }
    let byName = Dictionary(uniqueKeysWithValues: tensors)
    let seen = updates.map { projection, update in
      guard let down = byName[Self.prefix + projection + Self.down],
        let up = byName[Self.prefix + projection + Self.up]
      else { preconditionFailure("an adapter without the matrices of \(projection)") }
      return (projection, LowRankUpdate(down: down, up: up, factor: update.factor))
    }
    return LoRAAdapter(
      settings: settings, parameters: tensors, updates: Dictionary(uniqueKeysWithValues: seen),
      coversEveryLayer: coversEveryLayer)
  }

  // MARK: Names

  static let prefix = "base_model.model."
  static let down = ".lora_A.weight"
  static let up = ".lora_B.weight"
  static let layers = "model.language_model.layers."

  /// The name of a projection without `.weight`; nil for a parameter that is not adapted.
  static func projection(_ name: String, among targets: [LoRASettings.Target]) -> String? {
    guard name.hasPrefix(layers), name.hasSuffix(".weight") else { return nil }
    let projection = String(name.dropLast(".weight".count))
    return targets.contains { projection.hasSuffix("." + $0.rawValue) } ? projection : nil
  }
}

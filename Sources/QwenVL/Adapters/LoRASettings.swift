/// The shape of a low-rank adapter (Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models").
public struct LoRASettings: Sendable, Equatable {
  /// The projections of a decoder layer that can be adapted.
  public enum Target: String, Sendable, CaseIterable {
    case query = "q_proj"
    case key = "k_proj"
    case value = "v_proj"
    case output = "o_proj"
    case gate = "gate_proj"
    case up = "up_proj"
    case down = "down_proj"
  }

  /// r: how many directions of its input each adapted projection looks at.
  public var rank: Int
  /// The change is scaled by α / r.
  public var alpha: Double
  /// Adapted in every layer of the decoder, but for an adapter that was read and was made for some of them.
  public var targets: [Target]

  public init(rank: Int = 16, alpha: Double = 32, targets: [Target] = Target.allCases) {
    self.rank = rank
    self.alpha = alpha
    self.targets = targets
  }

  /// Refuses settings that make no adapter.
  public func validate() throws {
    guard (1...4096).contains(rank) else {
      throw ModelError.invalid("the rank of an adapter is \(rank); it has to be 1 to 4096")
    }
    guard alpha.isFinite, alpha > 0 else {
      throw ModelError.invalid("the alpha of an adapter is \(alpha); it has to be positive")
    }
    guard !targets.isEmpty, Set(targets).count == targets.count else {
      throw ModelError.invalid(
        "the targets of an adapter have to be some of "
          + "\(Target.allCases.map(\.rawValue).joined(separator: ", ")), each once")
    }
  }
}

import OrderedJSON

/// The low-rank adapter that `trained_part: lora` trains beside weights that stay as they are.
public struct AdapterSettings: Sendable, Equatable, Encodable {
  /// r: how many directions of its input each adapted projection looks at.
  public var rank: Int
  /// The change is scaled by α / r.
  public var alpha: Double
  /// The projections of every decoder layer that are adapted.
  public var targets: [AdapterTargetName]

  public init(rank: Int = 64, alpha: Double = 128, targets: [AdapterTargetName] = AdapterTargetName.allCases)
  {
    self.rank = rank
    self.alpha = alpha
    self.targets = targets
  }

  init(_ reader: inout SettingsReader) {
    let standard = AdapterSettings()
    rank = reader.integer(CodingKeys.rank, default: standard.rank, in: 1...4096)
    alpha = reader.number(CodingKeys.alpha, default: standard.alpha, in: 1e-3...1e6)
    targets = reader.choices(CodingKeys.targets, of: AdapterTargetName.self) ?? standard.targets
  }

  enum CodingKeys: String, CodingKey { case rank, alpha, targets }
}

/// A projection of a decoder layer.
public enum AdapterTargetName: String, Codable, Sendable, CaseIterable {
  case query = "q_proj"
  case key = "k_proj"
  case value = "v_proj"
  case output = "o_proj"
  case gate = "gate_proj"
  case up = "up_proj"
  case down = "down_proj"
}

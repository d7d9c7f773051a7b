import OrderedJSON

/// What of the objective the paper does not have; the defaults leave it as the paper's (equations 1 to 6).
public struct MismatchSettings: Sendable, Equatable, Encodable {
  /// `truncate` limits a token's weight at `upper` (truncated importance sampling), `mask` gives tokens outside
  /// `lower` … `upper` no weight at all.
  public var mode: MismatchModeName = .truncate
  /// Weigh each token by its own ratio, or an answer's tokens by the product of their ratios.
  public var level: RatioLevelName = .token
  public var lower: Double = 0
  public var upper: Double = 2

  init(_ reader: inout SettingsReader) {
    mode = reader.choice(CodingKeys.mode, default: mode)
    level = reader.choice(CodingKeys.level, default: level)
    lower = reader.number(CodingKeys.lower, default: lower, in: 0...1)
    upper = reader.number(CodingKeys.upper, default: upper, in: 1...1e6)
  }

  enum CodingKeys: String, CodingKey { case mode, level, lower, upper }
}

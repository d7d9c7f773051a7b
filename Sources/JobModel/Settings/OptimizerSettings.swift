/// AdamW's own numbers: how fast its means forget, and what keeps a step finite where there is hardly a gradient.
public struct OptimizerSettings: Sendable, Equatable, Encodable {
  /// Of the running mean of the gradient.
  public var beta1: Double = 0.9
  /// Of the running mean of its square.
  public var beta2: Double = 0.999
  public var epsilon: Double = 1e-8

  public init() {}

  init(_ reader: inout SettingsReader) {
    beta1 = reader.number(CodingKeys.beta1, default: beta1, in: 0...0.999999)
    beta2 = reader.number(CodingKeys.beta2, default: beta2, in: 0...0.999999)
    epsilon = reader.number(CodingKeys.epsilon, default: epsilon, in: 1e-30...1)
  }

  enum CodingKeys: String, CodingKey { case beta1, beta2, epsilon }
}

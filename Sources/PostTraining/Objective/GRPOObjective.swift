public import Tensors

/// The GRPO objective (paper, section 3.2, equations 1 to 6) as a loss to minimise.
///
/// For token t of answer i with log-probabilities log π under the policy being trained, the policy that
/// sampled (old) and the reference policy:
///
///     ρ     = exp(log π − log π_old)                                              (1)
///     M     = min(ρ A, clip(ρ, 1 − ε_low, 1 + ε_high) A)                          (4)
///     D_KL  = exp(d) − d − 1,  d = log π_ref − log π                              (5, 6: the "k3" estimate)
///     loss  = Σ_i Σ_t w_i · (β D_KL − M)                                          (3, negated)
///
/// where w_i is chosen by the reduction. The paper moves the penalty of equation 2 from the reward into the
/// objective. On policy, with one inner iteration, every ratio is exactly 1: the loss then equals β·D_KL
/// minus the mean advantage, while its gradient is that of the policy; a loss near zero says nothing.
public struct GRPOObjective: Sendable, Equatable {
  /// What the tokens' losses are divided by.
  public enum Reduction: String, Sendable, CaseIterable {
    /// The mean over answers of the mean over their tokens: equation 3.
    case grpo
    /// The mean over all tokens of the whole accumulated batch.
    case dapo
    /// The mean over all tokens of this micro-batch.
    case bnpo
    /// The sum over the tokens, divided by the number of answers times the longest length allowed.
    case drGRPO = "dr_grpo"
  }

  public var reduction: Reduction
  /// ε below 1 and above 1 in equation 4; equal in the paper.
  public var epsilonLow: Float
  public var epsilonHigh: Float
  /// The weight of the KL penalty in equation 3; 0 leaves it out.
  public var beta: Float
  /// The longest answer allowed, in tokens; read by `dr_grpo` alone.
  public var maxLength: Int

  public init(
    reduction: Reduction = .grpo, epsilonLow: Float = 0.2, epsilonHigh: Float = 0.2, beta: Float = 0.04,
    maxLength: Int = 256
  ) {
    self.reduction = reduction
    self.epsilonLow = epsilonLow
    self.epsilonHigh = epsilonHigh
    self.beta = beta
    self.maxLength = maxLength
  }

  /// One answer as the objective sees it.
  public struct Answer {
    /// log π of its tokens under the policy being trained, [|o|]; carries the history.
    public let current: Tensor
    /// log π_old; absent: the current policy's own values, taken as constants.
    public let old: [Float]?
    /// log π_ref; absent: the current policy's own values, taken as constants.
    public let reference: [Float]?
    /// Â, the same for every token of the answer.
    public let advantage: Float

    public init(current: Tensor, old: [Float]?, reference: [Float]?, advantage: Float) {
      self.current = current
      self.old = old
      self.reference = reference
      self.advantage = advantage
    }
  }

  /// The size of the batch one optimizer step sees, when it is accumulated from several calls.
  public struct BatchExtent: Sendable, Equatable {
    public let answers: Int
    public let tokens: Int

    public init(answers: Int, tokens: Int) {
      self.answers = answers
      self.tokens = tokens
    }
  }

  /// What happened at every token, answer after answer, and the sums that matter.
  public struct Metrics: Sendable {
    /// ρ of every token.
    public internal(set) var ratios: [Float] = []
    /// The k3 estimate of every token, whether or not β weighs it.
    public internal(set) var divergences: [Float] = []
    /// Tokens whose gain was cut at 1 − ε_low (A < 0) and at 1 + ε_high (A > 0).
    public internal(set) var clippedLow = 0
    public internal(set) var clippedHigh = 0

    public init() {}

    public var tokens: Int { ratios.count }
    /// The share of tokens that taught nothing because their gain was cut.
    public var clipShare: Float { tokens == 0 ? 0 : Float(clippedLow + clippedHigh) / Float(tokens) }
    public var meanDivergence: Float { Self.mean(divergences) }
    public var meanRatio: Float { Self.mean(ratios) }

    /// Adds another call's tokens.
    public mutating func append(_ other: Metrics) {
      ratios += other.ratios
      divergences += other.divergences
      clippedLow += other.clippedLow
      clippedHigh += other.clippedHigh
    }

    private static func mean(_ values: [Float]) -> Float {
      values.isEmpty ? 0 : Float(values.reduce(0) { $0 + Double($1) } / Double(values.count))
    }
  }
}

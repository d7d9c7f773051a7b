public import Tensors

/// The GRPO objective (paper, section 3.2, equations 1 to 6) as a loss to minimise.
///
/// For token t of answer i with log-probabilities log π under the policy being trained, the policy that
/// sampled (old) and the reference policy:
///
///     ρ     = exp(log π − log π_old)                                              (1)
///     M     = min(ρ A, clip(ρ, 1 − ε_low, 1 + ε_high) A)                          (4)
///     D_KL  = exp(d) − d − 1,  d = log π_ref − log π                              (5, 6: the "k3" estimate)
///     loss  = Σ_i Σ_t w_i · (β D_KL − c_t M)                                      (3, negated)
///
/// where w_i is chosen by the reduction and c_t is 1 unless a mismatch between sampler and learner is
/// corrected. What the paper does not have is off by default: a ratio of whole answers, the dual clip, other
/// estimates of the divergence, the correction. The paper moves the penalty of equation 2 from the reward into the
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

  /// What equation 1 takes the ratio of.
  public enum RatioLevel: String, Sendable, CaseIterable {
    /// Each token: the paper.
    case token
    /// The answer, as the geometric mean of its tokens' ratios: exp(mean_t log ρ_t) (GSPO). All of its tokens
    /// are then clipped together.
    case sequence
  }

  public var reduction: Reduction
  public var ratioLevel: RatioLevel
  /// ε below 1 and above 1 in equation 4; equal in the paper.
  public var epsilonLow: Float
  public var epsilonHigh: Float
  /// c of the dual clip, above 1: with A < 0 the gain M is not let below c·A, so that one token that became
  /// far likelier than it was cannot dominate a step. Absent: no such bound.
  public var dualClip: Float?
  /// The weight of the KL penalty in equation 3; 0 leaves it out.
  public var beta: Float
  /// How the divergence is estimated; the paper has k3.
  public var divergence: DivergenceEstimate
  /// Absent: sampler and learner are taken to agree.
  public var mismatch: MismatchCorrection?
  /// The longest answer allowed, in tokens; read by `dr_grpo` alone.
  public var maxLength: Int

  public init(
    reduction: Reduction = .grpo, ratioLevel: RatioLevel = .token, epsilonLow: Float = 0.2,
    epsilonHigh: Float = 0.2, dualClip: Float? = nil, beta: Float = 0.04,
    divergence: DivergenceEstimate = .k3, mismatch: MismatchCorrection? = nil, maxLength: Int = 256
  ) {
    self.reduction = reduction
    self.ratioLevel = ratioLevel
    self.epsilonLow = epsilonLow
    self.epsilonHigh = epsilonHigh
    self.dualClip = dualClip
    self.beta = beta
    self.divergence = divergence
    self.mismatch = mismatch
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
    /// log π as the sampler computed it, which a mismatch correction compares `old` with; absent: `old`.
    public let sampler: [Float]?
    /// Â, the same for every token of the answer.
    public let advantage: Float

    public init(
      current: Tensor, old: [Float]?, reference: [Float]?, sampler: [Float]? = nil, advantage: Float
    ) {
      self.current = current
      self.old = old
      self.reference = reference
      self.sampler = sampler
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
    /// ρ of every token; at the level of sequences, that of its answer.
    public internal(set) var ratios: [Float] = []
    /// The k3 estimate of every token, whether or not β weighs it.
    public internal(set) var divergences: [Float] = []
    /// Tokens whose gain was cut at 1 − ε_low (A < 0) and at 1 + ε_high (A > 0).
    public internal(set) var clippedLow = 0
    public internal(set) var clippedHigh = 0
    /// Tokens with A < 0 whose gain the dual clip bounded.
    public internal(set) var clippedDual = 0
    /// Tokens whose weight the mismatch correction limited or set to 0, and the sum of all weights.
    public internal(set) var limitedWeights = 0
    public internal(set) var weightSum = 0.0

    public init() {}

    public var tokens: Int { ratios.count }
    /// The share of tokens that taught nothing because their gain was cut.
    public var clipShare: Float { share(clippedLow + clippedHigh + clippedDual) }
    public var limitedShare: Float { share(limitedWeights) }
    /// The mean weight of the mismatch correction; 1 without one.
    public var meanWeight: Float { tokens == 0 ? 1 : Float(weightSum / Double(tokens)) }
    public var meanDivergence: Float { Self.mean(divergences) }
    public var meanRatio: Float { Self.mean(ratios) }

    /// Adds another call's tokens.
    public mutating func append(_ other: Metrics) {
      ratios += other.ratios
      divergences += other.divergences
      clippedLow += other.clippedLow
      clippedHigh += other.clippedHigh
      clippedDual += other.clippedDual
      limitedWeights += other.limitedWeights
      weightSum += other.weightSum
    }

    /// Everything, to be handed to another process.
    var numbers: [Double] {
      let counts = [clippedLow, clippedHigh, clippedDual, limitedWeights].map { Double($0) }
      return counts + [weightSum] + (ratios + divergences).map { Double($0) }
    }

    /// What `numbers` gave.
    init(numbers: ArraySlice<Double>) {
      let head = Array(numbers.prefix(5))
      let tokens = numbers.dropFirst(5).map { Float($0) }
      (clippedLow, clippedHigh) = (Int(head[0]), Int(head[1]))
      (clippedDual, limitedWeights) = (Int(head[2]), Int(head[3]))
      weightSum = head[4]
      ratios = Array(tokens.prefix(tokens.count / 2))
      divergences = Array(tokens.suffix(tokens.count / 2))
    }

    private func share(_ count: Int) -> Float { tokens == 0 ? 0 : Float(count) / Float(tokens) }

    private static func mean(_ values: [Float]) -> Float {
      values.isEmpty ? 0 : Float(values.reduce(0) { $0 + Double($1) } / Double(values.count))
    }
  }
}

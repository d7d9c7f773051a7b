/// What the model answered to one prompt.
public struct Completion: Sendable, Equatable {
  public enum Finish: String, Sendable {
    /// Ended with a stop token, which is the last of `ids`.
    case stop
    /// Reached the longest length allowed.
    case length
    /// Decoding was cancelled before it ended.
    case cancelled
  }

  /// The tokens; empty only if decoding was cancelled before the first.
  public let ids: [Int]
  /// log π(token | prompt, tokens before it) under the model itself, at temperature 1 whatever the sampling
  /// temperature was: the old policy's log-probability of equation 1.
  public let logProbabilities: [Float]
  /// The same under the distribution each token was drawn from, temperature and ``LogitShaping`` applied; 0 for
  /// greedy choices.
  public let drawnLogProbabilities: [Float]
  /// At every step, the log-probabilities of `SamplingOptions.watchedTokenIDs`, in their order.
  public let watched: [[Float]]
  public let finish: Finish

  public init(
    ids: [Int], logProbabilities: [Float], drawnLogProbabilities: [Float], watched: [[Float]], finish: Finish
  ) {
    self.ids = ids
    self.logProbabilities = logProbabilities
    self.drawnLogProbabilities = drawnLogProbabilities
    self.watched = watched
    self.finish = finish
  }
}

/// The completions of a batch of prompts and where the time went.
public struct Generation: Sendable {
  /// Wall-clock seconds by phase.
  public struct Seconds: Sendable {
    /// Image features.
    public var vision = 0.0
    /// The prompts, once each, up to their first logits.
    public var prefill = 0.0
    /// Drawing tokens and computing the next logits.
    public var decode = 0.0
  }

  /// For every prompt, its completions in order.
  public let completions: [[Completion]]
  public let seconds: Seconds
}

/// Where decoding stands; handed out after every step.
public struct GenerationProgress: Sendable {
  /// Tokens drawn so far by each sequence still running; 0 between the parts of the prefill.
  public let step: Int
  /// Sequences that have not ended yet.
  public let running: Int
  /// Tokens drawn so far by all sequences.
  public let tokens: Int
  /// The tokens of this step, at most one of each sequence.
  public let drawn: [DrawnToken]
}

/// A token the moment it was drawn.
public struct DrawnToken: Sendable {
  /// The indices of its prompt and, among that prompt's, its completion.
  public let prompt: Int
  public let completion: Int
  public let id: Int
  /// As in ``Completion/logProbabilities``.
  public let logProbability: Float
  /// Set if it is the completion's last.
  public let finish: Completion.Finish?
}

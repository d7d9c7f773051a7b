/// What came out of making a base model.
public struct BaseReport: Sendable {
  /// How one stage of learning went.
  public struct Stage: Sendable {
    public let steps: Int
    public let seconds: Double
    /// Mean loss over the first ten steps and, smoothed, at the end.
    public let firstLoss, lastLoss: Double
    /// After sight: how well the throw-away head tells defective from good, as the area under the curve, on
    /// new pictures of the products learnt from and of the demonstration's.
    public internal(set) var separation: [Double] = []
  }

  /// What the base says about pictures it has never seen, decoded greedily; shares between 0 and 1.
  public struct Check: Sendable {
    public let pictures: Int
    /// Replies to Anomaly Detection questions in the form `<think>…</think><answer>X</answer>`.
    public let formatted: Double
    /// Mean of the accuracies on good and on defective products; one half is chance.
    public let detectionAccuracy: Double
    /// Replies whose reasoning concludes on the letter they answer.
    public let agreement: Double
    /// Replies that conclude on an option by its text and its letter, and the two belong together.
    public let binding: Double
    /// Replies whose description names a mark exactly where there is one (mean over good and defective).
    public let notices: Double
    /// Descriptions of defective products that name the right kind, and the right place.
    public let namesKind, namesPlace: Double
    /// Descriptions that name the right product, and the right colour.
    public let namesProduct, namesColour: Double
    /// A reply, to show how it speaks.
    public let sample: String
  }

  public let parameters: Int
  public let vocabulary: Int
  /// Bytes of the folder.
  public let bytes: Int
  public let sight: Stage
  public let speech: Stage
  /// On new pictures of the products it has learnt from.
  public let known: Check
  /// On pictures of the demonstration's products, which it has never seen.
  public let demonstration: Check
}

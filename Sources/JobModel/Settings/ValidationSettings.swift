import OrderedJSON

/// Measuring the policy on held-out questions while it is trained, for choosing the version to keep.
public struct ValidationSettings: Sendable, Equatable, Encodable {
  /// A data set of the kind the training's is; it should share no picture with it.
  public var data: String
  /// Where the pictures of a file of rows lie; nil takes the file's own folder.
  public var images: String?
  /// Steps between two measurements; the last step is always measured.
  public var every: Int
  /// So many questions, spread evenly over data sets, classes and types and drawn by the run's seed; nil for all.
  public var limit: Int?
  /// What the best version is best at; nil takes accuracy for questions with options, iou for boxes.
  public var metric: ValidationMetricName?
  /// Stops the training after so many measurements without a new best; nil never stops it.
  public var patience: Int?

  init(_ reader: inout SettingsReader) {
    data = reader.path(CodingKeys.data, meaning: "the held-out data set")
    images = reader.optionalPath(CodingKeys.images)
    every = reader.integer(CodingKeys.every, default: 50, in: 1...1_000_000)
    limit = reader.optionalInteger(CodingKeys.limit, in: 1...1_000_000)
    metric = reader.optionalChoice(CodingKeys.metric)
    patience = reader.optionalInteger(CodingKeys.patience, in: 1...10_000)
  }

  enum CodingKeys: String, CodingKey { case data, images, every, limit, metric, patience }
}

/// A measure of a policy on held-out questions; none is a reward.
public enum ValidationMetricName: String, Codable, Sendable, CaseIterable {
  /// Share of right letters: of Anomaly Detection the mean over good and defective pictures, then the mean over the
  /// question types.
  case accuracy
  /// Share of replies whose reasoning concludes on their answer.
  case agreement
  /// Mean intersection over union with the true box.
  case iou
}

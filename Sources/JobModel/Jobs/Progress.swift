/// How far a task is, as its worker says.
public struct TaskProgress: Codable, Sendable, Equatable {
  public var done: Double
  /// nil while unknown.
  public var total: Double?
  /// What is counted: "steps", "images", "questions", "prompts".
  public var unit: String
  /// The latest measurements by name: "reward", "rate", "loss".
  public var metrics: [String: Double]
  public var message: String

  public init(
    done: Double, total: Double? = nil, unit: String, metrics: [String: Double] = [:], message: String = ""
  ) {
    self.done = done
    self.total = total
    self.unit = unit
    self.metrics = metrics
    self.message = message
  }
}

/// A file that a task has written and that readers may trust once it is in the manifest.
public struct Artifact: Codable, Sendable, Equatable {
  /// Absolute; contains the epoch, so that an outlived lease cannot overwrite it.
  public var path: String
  /// Lower-case hexadecimal.
  public var sha256: String
  public var bytes: Int64
  public var epoch: Epoch
  /// What it is for: "shard-results", "report", "model".
  public var kind: String

  public init(path: String, sha256: String, bytes: Int64, epoch: Epoch, kind: String) {
    self.path = path
    self.sha256 = sha256
    self.bytes = bytes
    self.epoch = epoch
    self.kind = kind
  }
}

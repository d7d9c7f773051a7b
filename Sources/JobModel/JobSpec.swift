public import OrderedJSON

/// What a person asks for: a name, how urgent it is, and the settings of its kind.
///
/// A specification is read from a tree (a YAML or JSON document) in which everything lies on one level:
///
///     kind: eval
///     name: base before training
///     model: models/base
///     data: data/mmad
///     output: results/before
///
/// Reading checks every key and value and reports all problems at once.
public struct JobSpec: Sendable, Equatable {
  public var name: String
  /// Higher goes first; 0 is normal.
  public var priority: Int
  /// How often a task may fail before its job fails. Interruptions do not count.
  public var maxAttempts: Int
  public var settings: JobSettings

  public var kind: JobKind { settings.kind }

  public static let defaultMaxAttempts = 3
  public static let longestName = 120

  public init(
    name: String, priority: Int = 0, maxAttempts: Int = JobSpec.defaultMaxAttempts, settings: JobSettings
  ) {
    self.name = name
    self.priority = priority
    self.maxAttempts = maxAttempts
    self.settings = settings
  }

  /// Reads and checks a specification.
  /// - Parameters:
  ///   - tree: the document.
  ///   - folder: relative paths are taken from here; without it every path must be absolute.
  /// - Throws: every problem found, each with its key, what was found and what is allowed.
  public init(_ tree: JSON, relativeTo folder: String? = nil) throws(JobSpecError) {
    guard case .object(let members) = tree else {
      throw JobSpecError([
        "a job is an object of keys and values, this is \(SettingsReader.describe(tree)); "
          + "it starts with 'kind: train', eval, rollout or score"
      ])
    }
    var reader = SettingsReader(members: members, folder: folder)
    guard let kind = reader.kind() else { throw JobSpecError(reader.problems) }
    name = reader.text(
      CommonKeys.name, default: kind.rawValue, longest: JobSpec.longestName)
    priority = reader.integer(CommonKeys.priority, default: 0, in: -100...100)
    maxAttempts = reader.integer(
      CommonKeys.maxAttempts, default: JobSpec.defaultMaxAttempts, in: 1...20)
    switch kind {
    case .train: settings = .train(TrainSettings(&reader))
    case .eval: settings = .eval(EvalSettings(&reader))
    case .rollout: settings = .rollout(RolloutSettings(&reader))
    case .score: settings = .score(ScoreSettings(&reader))
    }
    try reader.finish(kind: kind)
  }

  enum CommonKeys: String, CodingKey {
    case kind, name, priority
    case maxAttempts = "max_attempts"
  }
}

/// The settings of a job, by kind.
public enum JobSettings: Sendable, Equatable {
  case train(TrainSettings)
  case eval(EvalSettings)
  case rollout(RolloutSettings)
  case score(ScoreSettings)

  public var kind: JobKind {
    switch self {
    case .train: .train
    case .eval: .eval
    case .rollout: .rollout
    case .score: .score
    }
  }
}

/// Everything that is wrong with a specification.
public struct JobSpecError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence per problem, in the order of the settings.
  public let problems: [String]

  public init(_ problems: [String]) { self.problems = problems }

  public var description: String {
    problems.count == 1
      ? "the job is not valid: \(problems[0])"
      : "the job is not valid:\n" + problems.map { "  - \($0)" }.joined(separator: "\n")
  }
}

extension JobSpec: Codable {
  /// Reads with the same checks as `init(_:relativeTo:)`; paths must be absolute.
  public init(from decoder: any Decoder) throws {
    self = try JobSpec(JSON(from: decoder))
  }

  public func encode(to encoder: any Encoder) throws {
    var common = encoder.container(keyedBy: CommonKeys.self)
    try common.encode(kind, forKey: .kind)
    try common.encode(name, forKey: .name)
    try common.encode(priority, forKey: .priority)
    try common.encode(maxAttempts, forKey: .maxAttempts)
    switch settings {
    case .train(let settings): try settings.encode(to: encoder)
    case .eval(let settings): try settings.encode(to: encoder)
    case .rollout(let settings): try settings.encode(to: encoder)
    case .score(let settings): try settings.encode(to: encoder)
    }
  }
}

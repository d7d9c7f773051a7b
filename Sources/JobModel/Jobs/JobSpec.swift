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
/// A new one is checked by all rules, key by key, and all problems are reported at once. One that is stored was checked when
/// it came, by the rules of then: of it only the shape is looked at, so that a rule which has become tighter makes nothing
/// unreadable (`checked` asks today's rules).
public struct JobSpec: Sendable, Equatable {
  public var name: String
  /// Higher goes first; 0 is normal.
  public var priority: Int
  /// How often a task may fail before its job fails. Interruptions do not count.
  public var maxAttempts: Int
  /// What the tasks that carry its work need of a worker.
  public var resources: ResourceRequest
  /// For finding it again.
  public var labels: [String: String]
  /// Jobs that have to succeed before it begins.
  public var after: [JobID]
  /// It does not begin before this moment, in seconds since 1970; nil: at once.
  public var at: Timestamp?
  /// Repeats the job: when one has ended, the next is submitted for the next moment that fits.
  public var cron: String?
  /// It fails when it is not done so many seconds after it could begin.
  public var deadline: Double?
  /// A task of it without progress for so many seconds is tried again.
  public var stallAfter: Double?
  /// At most so many of its tasks run at once.
  public var atOnce: Int?
  /// Only one unfinished job of the lab has this key.
  public var unique: String?
  public var settings: JobSettings

  public var kind: JobKind { settings.kind }

  public static let defaultMaxAttempts = 3
  public static let longestName = 120

  public init(
    name: String, priority: Int = 0, maxAttempts: Int = JobSpec.defaultMaxAttempts,
    resources: ResourceRequest = .slot, labels: [String: String] = [:], after: [JobID] = [],
    at: Timestamp? = nil, cron: String? = nil, deadline: Double? = nil, stallAfter: Double? = nil,
    atOnce: Int? = nil, unique: String? = nil, settings: JobSettings
  ) {
    self.name = name
    self.priority = priority
    self.maxAttempts = maxAttempts
    self.resources = resources
    self.labels = labels
    self.after = after
    self.at = at
    self.cron = cron
    self.deadline = deadline
    self.stallAfter = stallAfter
    self.atOnce = atOnce
    self.unique = unique
    self.settings = settings
  }

  /// Reads and checks a new specification.
  /// - Parameters:
  ///   - tree: the document.
  ///   - folder: relative paths are taken from here; without it every path must be absolute.
  /// - Throws: every problem found, each with its key, what was found and what is allowed.
  public init(_ tree: JSON, relativeTo folder: String? = nil) throws(JobSpecError) {
    try self.init(tree, folder: folder, isStored: false)
  }

  /// Reads a specification that was checked when it came.
  /// - Throws: what in it is of another shape than this program's: a key or a name that it does not know, a text in the
  ///   place of a number, or nothing where something must be.
  public init(stored tree: JSON) throws(JobSpecError) {
    try self.init(tree, folder: nil, isStored: true)
  }

  /// The same under the rules for new ones.
  /// - Throws: everything that they have against it.
  @discardableResult
  public func checked() throws(JobSpecError) -> JobSpec {
    let tree: JSON
    do { tree = try JSON(encoding: self) } catch {
      throw JobSpecError(["it cannot be written as JSON: \(error)"])
    }
    return try JobSpec(tree)
  }

  /// What the rules for new ones have against it, in one line; nil where they would take it.
  public var refusal: String? {
    do throws(JobSpecError) {
      try checked()
      return nil
    } catch {
      return "the job was submitted under other rules, and those of today refuse it: "
        + error.problems.joined(separator: "; ")
    }
  }

  private init(_ tree: JSON, folder: String?, isStored: Bool) throws(JobSpecError) {
    guard case .object(let members) = tree else {
      throw JobSpecError([
        "a job is an object of keys and values, this is \(SettingsReader.describe(tree)); "
          + "it starts with 'kind: train', eval, rollout or score"
      ])
    }
    var reader = SettingsReader(members: members, folder: folder, isStored: isStored)
    guard let kind = reader.kind() else { throw JobSpecError(reader.problems) }
    name = reader.text(
      CommonKeys.name, default: kind.rawValue, longest: JobSpec.longestName)
    priority = reader.integer(CommonKeys.priority, default: 0, in: -100...100)
    maxAttempts = reader.integer(
      CommonKeys.maxAttempts, default: JobSpec.defaultMaxAttempts, in: 1...20)
    resources = reader.group(CommonKeys.resources, default: .slot) { ResourceRequest(&$0) }
    labels = reader.labels(CommonKeys.labels)
    after = reader.jobs(CommonKeys.after)
    at = reader.moment(CommonKeys.at)
    cron = reader.cron(CommonKeys.cron)
    deadline = reader.length(CommonKeys.deadline, in: 1...31_536_000)
    stallAfter = reader.length(CommonKeys.stallAfter, in: 10...31_536_000)
    atOnce = reader.optionalInteger(CommonKeys.atOnce, in: 1...1_000_000)
    unique = reader.optionalText(CommonKeys.unique, longest: 120)
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
    case resources, labels, after, at, cron, deadline, unique
    case stallAfter = "stall_after"
    case atOnce = "at_once"
  }
}

/// The settings of a job, by kind. Indirect, because a specification is passed on with every task, and settings are many.
public indirect enum JobSettings: Sendable, Equatable {
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

  /// The folder of the model that its tasks work with.
  public var model: String {
    switch self {
    case .train(let settings): settings.model
    case .eval(let settings): settings.model
    case .rollout(let settings): settings.model
    case .score(let settings): settings.model
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
  /// Reads one that is stored: whoever takes a new one checks it (`SubmitRequest`).
  public init(from decoder: any Decoder) throws {
    self = try JobSpec(stored: JSON(from: decoder))
  }

  public func encode(to encoder: any Encoder) throws {
    var common = encoder.container(keyedBy: CommonKeys.self)
    try common.encode(kind, forKey: .kind)
    try common.encode(name, forKey: .name)
    try common.encode(priority, forKey: .priority)
    try common.encode(maxAttempts, forKey: .maxAttempts)
    if !resources.isSlot { try common.encode(resources, forKey: .resources) }
    if !labels.isEmpty { try common.encode(labels, forKey: .labels) }
    if !after.isEmpty { try common.encode(after, forKey: .after) }
    try common.encodeIfPresent(at.map(Moment.text), forKey: .at)
    try common.encodeIfPresent(cron, forKey: .cron)
    try common.encodeIfPresent(deadline, forKey: .deadline)
    try common.encodeIfPresent(stallAfter, forKey: .stallAfter)
    try common.encodeIfPresent(atOnce, forKey: .atOnce)
    try common.encodeIfPresent(unique, forKey: .unique)
    switch settings {
    case .train(let settings): try settings.encode(to: encoder)
    case .eval(let settings): try settings.encode(to: encoder)
    case .rollout(let settings): try settings.encode(to: encoder)
    case .score(let settings): try settings.encode(to: encoder)
    }
  }
}

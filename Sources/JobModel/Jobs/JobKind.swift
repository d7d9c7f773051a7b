public import OrderedJSON

/// What a person submits.
public enum JobKind: String, Codable, Sendable, Equatable, CaseIterable {
  /// Post-training of a model: by GRPO or by supervised fine-tuning.
  case train
  /// Accuracy of a model on MMAD's questions.
  case eval
  /// Answers with rewards for stored prompts, without learning.
  case rollout
  /// Inspection of a folder of images.
  case score
}

/// What a worker claims.
public enum TaskKind: String, Codable, Sendable, Equatable, CaseIterable {
  /// The learner of a training job: one per job; the job ends with it.
  case learn
  /// Answers of one policy version for the prompts of some ordinals, opened by a learner.
  case rolloutGroup = "rollout-group"
  /// Looks at the input of a job and spawns its shards and its report.
  case plan
  /// A range of questions, prompts or images.
  case shard
  /// Joins the results of the shards.
  case report

  /// Whether the job is over as soon as this task has succeeded, whatever else is still open.
  public var endsJob: Bool { self == .learn }
}

/// A task to be created with a job or by a completing task.
public struct NewTask: Codable, Sendable, Equatable {
  public var kind: TaskKind
  /// A task becomes ready when every task of lower stages of its job has succeeded.
  public var stage: Int
  /// What the executor needs to know; opaque to the queue.
  public var payload: JSON
  /// Where the task stands in a sequence that its job numbers, if any: unique within (job, kind).
  public var ordinal: Int64?
  /// What the task will count, so that a job's progress has a total before the task runs.
  public var progress: TaskProgress?

  public init(
    kind: TaskKind, stage: Int, payload: JSON, ordinal: Int64? = nil, progress: TaskProgress? = nil
  ) {
    self.kind = kind
    self.stage = stage
    self.payload = payload
    self.ordinal = ordinal
    self.progress = progress
  }
}

/// Items that a completing task leaves to tasks which are made as workers come for them: `size` items each, with the
/// payload `{"index": …, "from": …, "to": …}`, where the index counts the tasks from 0. It costs the same whatever the
/// number of items. A job has at most one range per stage.
public struct NewRange: Codable, Sendable, Equatable {
  /// So many tasks a range may come to.
  public static let mostTasks = 10_000_000

  public var kind: TaskKind
  public var stage: Int
  /// The first item.
  public var from: Int
  /// After the last item.
  public var to: Int
  public var size: Int
  /// What the items are, so that the job's progress has a total before its tasks run; nil leaves them out.
  public var unit: String?

  public init(kind: TaskKind = .shard, stage: Int, items: Range<Int>, size: Int, unit: String? = nil) {
    self.kind = kind
    self.stage = stage
    from = items.lowerBound
    to = items.upperBound
    self.size = size
    self.unit = unit
  }
}

extension JobKind {
  /// The task a job of this kind starts with. Everything else is spawned by it.
  public var firstTask: TaskKind { self == .train ? .learn : .plan }
}

extension JobKind {
  /// The kind of task that carries its work.
  public var workKind: TaskKind { self == .train ? .learn : .shard }
}

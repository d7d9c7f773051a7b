public import OrderedJSON

/// Asks for groups to be generated; ordinals already open or committed stay as they are, those whose groups have become
/// too old are opened again.
public struct OpenRolloutsRequest: Codable, Sendable, Equatable {
  /// The learn task's lease; the run is its job.
  public var lease: Lease
  /// The policy version that shall answer.
  public var version: Int
  public var rollouts: [NewRollout]

  public struct NewRollout: Codable, Sendable, Equatable {
    public var ordinal: Int64
    /// Given to the rollout executor; the policy version's reference belongs in it.
    public var payload: JSON

    public init(ordinal: Int64, payload: JSON) {
      self.ordinal = ordinal
      self.payload = payload
    }
  }

  public init(lease: Lease, version: Int, rollouts: [NewRollout]) {
    self.lease = lease
    self.version = version
    self.rollouts = rollouts
  }
}

public struct OpenRolloutsReply: Codable, Sendable, Equatable {
  public var outcome: WriteOutcome
  /// How many were new.
  public var opened: Int
  /// How many of them take the place of groups that have become too old to be learnt from.
  public var reopened: Int
  public init(outcome: WriteOutcome, opened: Int, reopened: Int = 0) {
    self.outcome = outcome
    self.opened = opened
    self.reopened = reopened
  }
}

public struct CommittedGroupsRequest: Codable, Sendable, Equatable {
  public var lease: Lease
  public var from: Int64
  /// Inclusive.
  public var through: Int64
  public init(lease: Lease, from: Int64, through: Int64) {
    self.lease = lease
    self.from = from
    self.through = through
  }
}

public struct CommittedGroupsReply: Codable, Sendable, Equatable {
  public var outcome: WriteOutcome
  /// By ordinal, those committed so far.
  public var groups: [RolloutGroup]
  public init(outcome: WriteOutcome, groups: [RolloutGroup]) {
    self.outcome = outcome
    self.groups = groups
  }
}

/// Records a step: its groups are consumed and its version announced in the same transaction.
public struct RecordStepRequest: Codable, Sendable, Equatable {
  public var lease: Lease
  public var step: StepRecord
  /// nil when the step's weights were not published, as nobody samples from them.
  public var version: PolicyVersion?
  public init(lease: Lease, step: StepRecord, version: PolicyVersion?) {
    self.lease = lease
    self.step = step
    self.version = version
  }
}

public struct RecordStepReply: Codable, Sendable, Equatable {
  public var outcome: Outcome
  /// Steps of the run that other trainings go on from, which have not ended: their full states have to stay.
  public var forkedSteps: [Int]?

  public enum Outcome: String, Codable, Sendable {
    case recorded
    /// The lease is over.
    case stale
    /// This step exists already, or is not the one after the last.
    case alreadyRecorded = "already-recorded"
    /// A group is missing, consumed by another step, or older than the run's staleness allows.
    case groupsUnavailable = "groups-unavailable"
  }

  public init(outcome: Outcome, forkedSteps: [Int]? = nil) {
    self.outcome = outcome
    self.forkedSteps = forkedSteps
  }

  enum CodingKeys: String, CodingKey {
    case outcome
    case forkedSteps = "forked_steps"
  }
}

/// Announces a version that belongs to no step: the run's version 0.
public struct AnnounceVersionRequest: Codable, Sendable, Equatable {
  public var lease: Lease
  public var version: PolicyVersion
  public init(lease: Lease, version: PolicyVersion) {
    self.lease = lease
    self.version = version
  }
}

public struct RunStateRequest: Codable, Sendable, Equatable {
  public var lease: Lease
  /// Steps after this one are listed, for replay.
  public var afterStep: Int
  public init(lease: Lease, afterStep: Int = 0) {
    self.lease = lease
    self.afterStep = afterStep
  }

  enum CodingKeys: String, CodingKey {
    case lease
    case afterStep = "after_step"
  }
}

/// What a learner needs to go on where the last one stopped.
public struct RunState: Codable, Sendable, Equatable {
  public var outcome: WriteOutcome
  /// 0 before the first.
  public var lastStep: Int
  /// By number; the newest last.
  public var versions: [PolicyVersion]
  public var steps: [StepRecord]

  public init(outcome: WriteOutcome, lastStep: Int, versions: [PolicyVersion], steps: [StepRecord]) {
    self.outcome = outcome
    self.lastStep = lastStep
    self.versions = versions
    self.steps = steps
  }

  enum CodingKeys: String, CodingKey {
    case outcome
    case lastStep = "last_step"
    case versions, steps
  }
}

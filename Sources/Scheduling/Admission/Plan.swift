public import JobModel

/// What admission decides about a snapshot.
public struct Plan: Sendable, Equatable {
  /// Tasks to admit, in the order in which they should be claimed.
  public var grants: [Grant] = []
  /// Tasks to ask to give way.
  public var preemptions: [Preemption] = []
  /// Jobs for which capacity is kept as it frees, from now on; the others' reservations are over.
  public var reservations: [JobID] = []
  /// Why what was not admitted waits, by job.
  public var waits: [JobID: Wait] = [:]
}

/// So many tasks of a job's kind may be claimed.
public struct Grant: Sendable, Equatable {
  public var job: JobID
  public var kind: TaskKind
  public var count: Int

  public init(job: JobID, kind: TaskKind, count: Int) {
    self.job = job
    self.kind = kind
    self.count = count
  }
}

public struct Preemption: Sendable, Equatable {
  public var task: TaskID
  /// The job its place is for.
  public var beneficiary: JobID

  public init(task: TaskID, beneficiary: JobID) {
    self.task = task
    self.beneficiary = beneficiary
  }
}

/// Why a job's tasks are not admitted.
public struct Wait: Sendable, Equatable {
  public var reason: Reason
  /// Among the jobs that wait for the same kind of device, from 1; nil when it is not its turn that holds it back.
  public var position: Int?

  public enum Reason: Sendable, Equatable {
    /// No worker there is could run it.
    case nowhere(String)
    /// Everything it could run on is in use.
    case capacity(ResourceRequest)
    /// What is free is kept for a job that needs more at once.
    case keptFree(JobID)
    /// What is free belongs to labs that do not lend it.
    case notLent(device: DeviceKind)
    case quota(device: DeviceKind, held: Double, limit: Double)
    case maxRunning(device: DeviceKind, running: Int, limit: Int)
    case budget(device: DeviceKind, spentHours: Double, budgetHours: Double)
    /// More was due in this pass than one admits.
    case nextPass
  }

  public init(_ reason: Reason, position: Int? = nil) {
    self.reason = reason
    self.position = position
  }
}

extension Wait.Reason: CustomStringConvertible {
  public var description: String {
    func things(_ device: DeviceKind) -> String { device == .cpu ? "CPU slots" : "GPUs" }
    return switch self {
    case .nowhere(let why): why
    case .capacity(let need): "every worker that could give it \(need) is busy"
    case .keptFree(let job): "what is free is kept for job \(job), which needs more at once"
    case .notLent(let device): "the free \(things(device)) belong to labs that do not lend them"
    case .quota(let device, let held, let limit):
      "the lab holds \(Quota.text(held)) of the \(Quota.text(limit)) \(things(device)) its quota allows"
    case .maxRunning(let device, let running, let limit):
      "the lab runs \(running) \(device.rawValue) tasks, its quota allows \(limit) at once"
    case .budget(let device, let spent, let budget):
      "the lab has used \(Quota.text(spent)) of this month's \(Quota.text(budget)) \(device.rawValue) hours"
    case .nextPass: "it is admitted in a moment"
    }
  }
}

/// Changes of a job that waits or runs; what is nil stays as it is.
public struct ChangeJobRequest: Codable, Sendable, Equatable {
  public var priority: Int?
  /// A paused job's running tasks go on; no more of it begin.
  public var paused: Bool?
  /// For whoever asks later why.
  public var reason: String?

  public init(priority: Int? = nil, paused: Bool? = nil, reason: String? = nil) {
    self.priority = priority
    self.paused = paused
    self.reason = reason
  }
}

/// Whether a worker gets new tasks.
public struct ChangeWorkerRequest: Codable, Sendable, Equatable {
  public var draining: Bool
  /// For whoever asks later why.
  public var reason: String?

  public init(draining: Bool, reason: String? = nil) {
    self.draining = draining
    self.reason = reason
  }
}

/// A lab's quota of one kind of device, in its units: slots of CPUs, devices of GPUs.
public struct LabQuota: Codable, Sendable, Equatable {
  public var lab: String
  public var device: DeviceKind
  /// Its part of what is shared, against the others' weights.
  public var weight: Double
  public var nominal: Double
  /// nil: anything that is idle.
  public var borrow: Double?
  /// nil: all that is idle.
  public var lend: Double?
  public var maxRunning: Int?
  /// Unit-hours per month.
  public var budgetHours: Double?
  /// Unit-hours used this month; set on reading.
  public var usedHours: Double?
  /// Why it is set, for the audit log; not given on reading.
  public var reason: String?

  public init(
    lab: String, device: DeviceKind, weight: Double = 1, quota: Quota = Quota(), usedHours: Double? = nil,
    reason: String? = nil
  ) {
    self.lab = lab
    self.device = device
    self.weight = weight
    nominal = quota.nominal
    borrow = quota.borrow
    lend = quota.lend
    maxRunning = quota.maxRunning
    budgetHours = quota.budgetHours
    self.usedHours = usedHours
    self.reason = reason
  }

  public var quota: Quota {
    Quota(nominal: nominal, borrow: borrow, lend: lend, maxRunning: maxRunning, budgetHours: budgetHours)
  }

  enum CodingKeys: String, CodingKey {
    case lab, device, weight, nominal, borrow, lend, reason
    case maxRunning = "max_running"
    case budgetHours = "budget_hours"
    case usedHours = "used_hours"
  }

  /// What is not given has the value of a lab without quota.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      lab: try values.decode(String.self, forKey: .lab),
      device: try values.decode(DeviceKind.self, forKey: .device),
      weight: try values.decodeIfPresent(Double.self, forKey: .weight) ?? 1,
      quota: Quota(
        nominal: try values.decodeIfPresent(Double.self, forKey: .nominal) ?? 0,
        borrow: try values.decodeIfPresent(Double.self, forKey: .borrow),
        lend: try values.decodeIfPresent(Double.self, forKey: .lend),
        maxRunning: try values.decodeIfPresent(Int.self, forKey: .maxRunning),
        budgetHours: try values.decodeIfPresent(Double.self, forKey: .budgetHours)),
      usedHours: try values.decodeIfPresent(Double.self, forKey: .usedHours),
      reason: try values.decodeIfPresent(String.self, forKey: .reason))
  }
}

public struct LabQuotaList: Codable, Sendable, Equatable {
  public var quotas: [LabQuota]
  public init(quotas: [LabQuota]) { self.quotas = quotas }
}

/// Why a job stands where it stands, and when it should go on.
public struct Explanation: Codable, Sendable, Equatable {
  public var job: JobID
  public var state: JobState
  /// One sentence per rule or fact, the one that holds it back first.
  public var reasons: [String]
  /// Its place among what waits for the same kind of device, from 1; nil when nothing but its own state or a rule
  /// of its lab holds it back.
  public var position: Int?
  /// When its next task should begin and when it should be over, from measured lengths and rates; nil when nothing
  /// has been measured.
  public var startsAt: Timestamp?
  public var endsAt: Timestamp?
  /// Measured, in units of its progress per second.
  public var rate: Double?

  public init(
    job: JobID, state: JobState, reasons: [String], position: Int? = nil, startsAt: Timestamp? = nil,
    endsAt: Timestamp? = nil, rate: Double? = nil
  ) {
    self.job = job
    self.state = state
    self.reasons = reasons
    self.position = position
    self.startsAt = startsAt
    self.endsAt = endsAt
    self.rate = rate
  }

  enum CodingKeys: String, CodingKey {
    case job, state, reasons, position
    case startsAt = "starts_at"
    case endsAt = "ends_at"
    case rate
  }
}

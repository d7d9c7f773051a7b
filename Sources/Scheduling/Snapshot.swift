public import JobModel

/// Everything admission looks at, at one moment. It is a value: the same snapshot gives the same plan, wherever it
/// came from, a database or a simulation.
public struct Snapshot: Sendable, Equatable {
  /// Seconds; every other time counts on the same clock.
  public var now: Double
  public var nodes: [Node]
  public var labs: [LabShare]
  /// Tasks that run or have been admitted.
  public var holdings: [Holding]
  /// Tasks that wait.
  public var demands: [Demand]
  /// Decayed usage in weighted unit-seconds, without what runs now.
  public var usage: [Usage]
  /// Tasks of one slot that finish within one pass: admitted ahead, so that no worker waits for the next pass.
  public var turnover: Int

  public init(
    now: Double, nodes: [Node], labs: [LabShare], holdings: [Holding] = [], demands: [Demand] = [],
    usage: [Usage] = [], turnover: Int = 0
  ) {
    self.now = now
    self.nodes = nodes
    self.labs = labs
    self.holdings = holdings
    self.demands = demands
    self.usage = usage
    self.turnover = turnover
  }
}

/// A worker session.
public struct Node: Sendable, Equatable {
  public var session: SessionID
  public var kinds: Set<TaskKind>
  public var slots: Int
  public var inventory: Inventory
  /// Devices of the inventory that get no task until they could be opened anew.
  public var withheld: Set<Int>

  public init(
    session: SessionID, kinds: Set<TaskKind>, slots: Int, inventory: Inventory, withheld: Set<Int> = []
  ) {
    self.session = session
    self.kinds = kinds
    self.slots = slots
    self.inventory = inventory
    self.withheld = withheld
  }

  /// What it can give while nothing runs on it.
  var free: FreeResources {
    withheld.reduce(into: inventory.free) { $0.withhold($1) }
  }
}

/// What a lab may use of one kind of device.
public struct LabShare: Sendable, Equatable {
  public var lab: LabID
  public var device: DeviceKind
  /// Its part of what is shared, against the others' weights.
  public var weight: Double
  public var quota: Quota
  /// Unit-seconds used in the budget's period so far, without what runs now.
  public var spent: Double

  public init(
    lab: LabID, device: DeviceKind, weight: Double = 1, quota: Quota = Quota(), spent: Double = 0
  ) {
    self.lab = lab
    self.device = device
    self.weight = weight
    self.quota = quota
    self.spent = spent
  }
}

/// A task that has been admitted or runs.
public struct Holding: Sendable, Equatable {
  public var task: TaskID
  public var job: JobID
  public var lab: LabID
  public var user: UserID
  public var priority: Int
  public var kind: TaskKind
  public var need: ResourceRequest
  /// Where it runs; nil while nobody has claimed it.
  public var node: SessionID?
  /// When it was claimed; of an unclaimed one, when it was admitted.
  public var since: Double
  /// When its work was last committed: a learner's last step, for others the start.
  public var savedAt: Double
  /// When it should end, from measured rates; nil when nothing is known.
  public var expectedEnd: Double?
  /// Seconds such a task takes, as far as is known.
  public var expectedSeconds: Double?
  /// Tasks of its job that have to run beside it: their place is kept while they do not exist yet.
  public var companions: Int
  public var companionKind: TaskKind
  /// The task it runs beside, and without which it is of no use.
  public var leader: TaskID?
  /// It was asked to give way.
  public var isYielding: Bool
  /// How often its job has been preempted.
  public var preemptions: Int

  public init(
    task: TaskID, job: JobID, lab: LabID, user: UserID, priority: Int = 0, kind: TaskKind = .shard,
    need: ResourceRequest = .slot, node: SessionID? = nil, since: Double = 0, savedAt: Double? = nil,
    expectedEnd: Double? = nil, expectedSeconds: Double? = nil, companions: Int = 0,
    companionKind: TaskKind = .rolloutGroup, leader: TaskID? = nil, isYielding: Bool = false,
    preemptions: Int = 0
  ) {
    self.task = task
    self.job = job
    self.lab = lab
    self.user = user
    self.priority = priority
    self.kind = kind
    self.need = need
    self.node = node
    self.since = since
    self.savedAt = savedAt ?? since
    self.expectedEnd = expectedEnd
    self.expectedSeconds = expectedSeconds
    self.companions = companions
    self.companionKind = companionKind
    self.leader = leader
    self.isYielding = isYielding
    self.preemptions = preemptions
  }

  public var isRunning: Bool { node != nil }
}

/// Tasks of one job and kind that wait for admission, all alike.
public struct Demand: Sendable, Equatable {
  public var job: JobID
  public var lab: LabID
  public var user: UserID
  public var priority: Int
  public var kind: TaskKind
  public var need: ResourceRequest
  /// How many wait.
  public var waiting: Int
  /// Tasks that have to run beside each of them (a gang): admitted only when all have a place.
  public var companions: Int
  public var companionKind: TaskKind
  /// Since when it waits.
  public var since: Double
  public var expectedSeconds: Double?
  /// Since when capacity is kept for it; nil when none is.
  public var reservedAt: Double?

  public init(
    job: JobID, lab: LabID, user: UserID, priority: Int = 0, kind: TaskKind = .shard,
    need: ResourceRequest = .slot, waiting: Int = 1, companions: Int = 0,
    companionKind: TaskKind = .rolloutGroup, since: Double = 0, expectedSeconds: Double? = nil,
    reservedAt: Double? = nil
  ) {
    self.job = job
    self.lab = lab
    self.user = user
    self.priority = priority
    self.kind = kind
    self.need = need
    self.waiting = waiting
    self.companions = companions
    self.companionKind = companionKind
    self.since = since
    self.expectedSeconds = expectedSeconds
    self.reservedAt = reservedAt
  }
}

/// What a user has used of a kind of device.
public struct Usage: Sendable, Equatable {
  public var lab: LabID
  public var user: UserID
  public var device: DeviceKind
  /// Decayed, weighted unit-seconds.
  public var amount: Double

  public init(lab: LabID, user: UserID, device: DeviceKind, amount: Double) {
    self.lab = lab
    self.user = user
    self.device = device
    self.amount = amount
  }
}

import JobModel

/// What each lab and user holds and has used, per kind of device, and from that who is served next.
struct Shares {
  struct Key: Hashable {
    let lab: LabID
    let device: DeviceKind
  }
  private struct UserKey: Hashable {
    let key: Key
    let user: UserID
  }
  private struct Account {
    var share: LabShare
    var held = 0.0
    var tasks = 0
    var correction = 1.0
  }
  private struct UserAccount {
    var held = 0.0
    var correction = 1.0
  }

  private var accounts: [Key: Account] = [:]
  private var users: [UserKey: UserAccount] = [:]
  private(set) var heldInAll: [DeviceKind: Double] = [:]
  private let deviceMemory: Int64

  init(_ snapshot: Snapshot, capacity: (DeviceKind) -> Double, deviceMemory: Int64, policy: SchedulingPolicy)
  {
    self.deviceMemory = deviceMemory
    for share in snapshot.labs {
      accounts[Key(lab: share.lab, device: share.device)] = Account(share: share)
    }
    for demand in snapshot.demands { open(Key(lab: demand.lab, device: demand.need.kind), demand.user) }
    for holding in snapshot.holdings { open(Key(lab: holding.lab, device: holding.need.kind), holding.user) }
    correct(snapshot, capacity: capacity, policy: policy)
    for holding in snapshot.holdings { hold(holding) }
    // What runs is charged as it runs: a budget cannot be overdrawn by tasks that take long.
    for holding in snapshot.holdings where holding.isRunning {
      let running = units(holding.need) * max(0, snapshot.now - holding.since)
      accounts[Key(lab: holding.lab, device: holding.need.kind)]?.share.spent += running
    }
  }

  private mutating func open(_ key: Key, _ user: UserID) {
    if accounts[key] == nil { accounts[key] = Account(share: LabShare(lab: key.lab, device: key.device)) }
    let user = UserKey(key: key, user: user)
    if users[user] == nil { users[user] = UserAccount() }
  }

  func units(_ need: ResourceRequest) -> Double { need.units(deviceMemory: deviceMemory) }

  /// Units of one task with those that have to run beside it.
  func units(_ demand: Demand) -> Double { units(demand.need) * Double(1 + demand.companions) }

  // MARK: Holding

  mutating func hold(_ holding: Holding) {
    change(
      Key(lab: holding.lab, device: holding.need.kind), holding.user, by: units(holding.need), tasks: 1)
  }

  mutating func release(_ holding: Holding) {
    change(
      Key(lab: holding.lab, device: holding.need.kind), holding.user, by: -units(holding.need), tasks: -1)
  }

  /// - Parameter members: how many tasks of it are held from now on.
  mutating func hold(_ demand: Demand, members: Int) {
    change(
      Key(lab: demand.lab, device: demand.need.kind), demand.user, by: units(demand.need) * Double(members),
      tasks: members)
  }

  /// Counts the kept places of a task that runs as held.
  mutating func keep(_ holding: Holding, places: Int) {
    change(
      Key(lab: holding.lab, device: holding.need.kind), holding.user,
      by: units(holding.need) * Double(places), tasks: places)
  }

  private mutating func change(_ key: Key, _ user: UserID, by units: Double, tasks: Int) {
    accounts[key]?.held += units
    accounts[key]?.tasks += tasks
    users[UserKey(key: key, user: user)]?.held += units
    heldInAll[key.device, default: 0] += units
  }

  // MARK: Limits

  func share(_ lab: LabID, _ device: DeviceKind) -> LabShare {
    accounts[Key(lab: lab, device: device)]?.share ?? LabShare(lab: lab, device: device)
  }

  func held(_ lab: LabID, _ device: DeviceKind) -> Double {
    accounts[Key(lab: lab, device: device)]?.held ?? 0
  }

  /// Whether the demand's next task stays within the lab's nominal quota.
  func fitsNominal(_ demand: Demand) -> Bool {
    held(demand.lab, demand.need.kind) + units(demand) <= share(demand.lab, demand.need.kind).quota.nominal
      + 1e-9
  }

  /// The rule of the lab's own that holds the demand back, if any.
  func limit(on demand: Demand) -> Wait.Reason? {
    let key = Key(lab: demand.lab, device: demand.need.kind)
    guard let account = accounts[key] else { return nil }
    let quota = account.share.quota
    if let budget = quota.budgetHours, account.share.spent >= budget * 3_600 {
      return .budget(device: key.device, spentHours: account.share.spent / 3_600, budgetHours: budget)
    }
    if let most = quota.maxRunning, account.tasks + 1 + demand.companions > most {
      return .maxRunning(device: key.device, running: account.tasks, limit: most)
    }
    if account.held + units(demand) > quota.limit + 1e-9 {
      return .quota(device: key.device, held: account.held, limit: quota.limit)
    }
    return nil
  }

  /// Idle nominal units of other labs that they do not lend.
  func keptByOthers(than demand: Demand) -> Double {
    accounts.reduce(0) { sum, entry in
      guard entry.key.device == demand.need.kind, entry.key.lab != demand.lab,
        let lend = entry.value.share.quota.lend
      else { return sum }
      return sum + max(0, entry.value.share.quota.nominal - lend - entry.value.held)
    }
  }

  // MARK: Order

  /// How well a lab is served: what it holds, for its corrected weight. The lowest goes next, which splits what is
  /// idle by weight (water-filling): no lab gets more while another that could use it has less for its weight.
  func level(_ lab: LabID, _ device: DeviceKind) -> Double {
    guard let account = accounts[Key(lab: lab, device: device)] else { return 0 }
    return (account.held + 1) / (account.share.weight * account.correction)
  }

  func level(_ user: UserID, of lab: LabID, _ device: DeviceKind) -> Double {
    guard let account = users[UserKey(key: Key(lab: lab, device: device), user: user)] else { return 0 }
    return (account.held + 1) / account.correction
  }

  // MARK: History

  /// Moves weights by what was used: someone whose part of the decayed usage is below his part of the weights gets
  /// more until it is not. What runs is charged as it runs, and for at least the entry penalty.
  private mutating func correct(
    _ snapshot: Snapshot, capacity: (DeviceKind) -> Double, policy: SchedulingPolicy
  ) {
    var used: [UserKey: Double] = [:]
    for usage in snapshot.usage {
      used[UserKey(key: Key(lab: usage.lab, device: usage.device), user: usage.user), default: 0] +=
        usage.amount
    }
    for holding in snapshot.holdings {
      let key = UserKey(key: Key(lab: holding.lab, device: holding.need.kind), user: holding.user)
      let lasted = max(holding.isRunning ? snapshot.now - holding.since : 0, policy.entrySeconds)
      used[key, default: 0] += units(holding.need) * lasted * policy.price(priority: holding.priority)
    }
    // Only those who hold or want something now compete; others' history neither helps nor harms them.
    let competing = Set(users.keys)
    for device in DeviceKind.allCases {
      // So much history is needed before it counts in full: ten minutes of the whole pool.
      let inertia = max(1, capacity(device)) * 600
      // In a fixed order: sums of floating-point numbers depend on it, and equal snapshots make equal plans.
      let labs = Dictionary(grouping: competing.filter { $0.key.device == device }, by: \.key)
        .mapValues { $0.sorted { $0.user < $1.user } }.sorted { $0.key.lab < $1.key.lab }
      let parts = labs.map { (key, members) in
        (weight: accounts[key]?.share.weight ?? 1, used: members.reduce(0) { $0 + (used[$1] ?? 0) })
      }
      let corrections = Self.corrections(parts, inertia: inertia, most: policy.correction)
      for (entry, correction) in zip(labs, corrections) {
        let (key, members) = entry
        accounts[key]?.correction = correction
        let own = Self.corrections(
          members.map { (weight: 1, used: used[$0] ?? 0) }, inertia: inertia, most: policy.correction)
        for (member, correction) in zip(members, own) { users[member]?.correction = correction }
      }
    }
  }

  private static func corrections(
    _ parts: [(weight: Double, used: Double)], inertia: Double, most: Double
  ) -> [Double] {
    let weights = parts.reduce(0) { $0 + $1.weight }
    let all = parts.reduce(0) { $0 + $1.used }
    return parts.map { part in
      let due = part.weight / weights
      return min(most, max(1 / most, due * (all + inertia) / (part.used + due * inertia)))
    }
  }
}

import JobModel

/// The demands of one user for one kind of device, in the order in which that user's are served.
struct WaitingLine {
  let lab: LabID
  let device: DeviceKind
  private var demands: [Demand]
  private var next = 0
  /// Where its first demand stands; nil when that has to be looked up again.
  private var firstRank: ServiceRank?

  /// One line per lab, user and kind of device.
  static func lines(_ demands: [Demand], now: Double, policy: SchedulingPolicy) -> [WaitingLine] {
    struct Owner: Hashable {
      let lab: LabID
      let user: UserID
      let device: DeviceKind
    }
    let owned = Dictionary(grouping: demands.filter { $0.waiting > 0 }) {
      Owner(lab: $0.lab, user: $0.user, device: $0.need.kind)
    }
    return owned.map { owner, demands in
      WaitingLine(
        lab: owner.lab, device: owner.device, demands: demands.sorted { precedes($0, $1, now, policy) })
    }
  }

  private static func precedes(_ a: Demand, _ b: Demand, _ now: Double, _ policy: SchedulingPolicy) -> Bool {
    let (early, late) = (a.reservedAt ?? .infinity, b.reservedAt ?? .infinity)
    if early != late { return early < late }
    let (bandA, bandB) = (
      policy.band(priority: a.priority, waited: now - a.since),
      policy.band(priority: b.priority, waited: now - b.since)
    )
    if bandA != bandB { return bandA > bandB }
    if a.priority != b.priority { return a.priority > b.priority }
    if a.since != b.since { return a.since < b.since }
    return (a.job, a.kind.rawValue) < (b.job, b.kind.rawValue)
  }

  var first: Demand? { next < demands.count ? demands[next] : nil }

  /// The rank of its first demand, kept until that or what its lab holds changes; nil when none is left.
  mutating func rank(_ shares: Shares, _ policy: SchedulingPolicy) -> ServiceRank? {
    if firstRank == nil { firstRank = first.map { ServiceRank($0, shares: shares, policy: policy) } }
    return firstRank
  }

  /// The lab holds more than it did, or less.
  mutating func sharesChanged() { firstRank = nil }

  mutating func dropFirst() {
    next += 1
    firstRank = nil
  }

  /// One task of the first was admitted. What follows of it is not what capacity was kept for.
  mutating func served() {
    demands[next].waiting -= 1
    demands[next].reservedAt = nil
    if demands[next].waiting == 0 { next += 1 }
    firstRank = nil
  }

  /// Takes tasks out of the line, wherever they stand.
  mutating func take(upTo most: Int, job: JobID, kind: TaskKind) -> Int {
    guard let index = demands.firstIndex(where: { $0.job == job && $0.kind == kind }) else { return 0 }
    let taken = min(most, demands[index].waiting)
    demands[index].waiting -= taken
    if demands[index].waiting == 0 { demands.remove(at: index) }
    firstRank = nil
    return taken
  }
}

/// Where a demand stands among the first of all lines; the least goes next.
struct ServiceRank: Comparable {
  private let reservedAt: Double
  private let exceedsNominal: Bool
  private let labLevel: Double
  private let lab: LabID
  private let userLevel: Double
  private let priority: Int
  private let since: Double
  private let job: JobID

  init(_ demand: Demand, shares: Shares, policy: SchedulingPolicy) {
    reservedAt = demand.reservedAt ?? .infinity
    exceedsNominal = !shares.fitsNominal(demand)
    let urgency = policy.urgency(priority: demand.priority)
    labLevel = shares.level(demand.lab, demand.need.kind) / urgency
    lab = demand.lab
    userLevel = shares.level(demand.user, of: demand.lab, demand.need.kind) / urgency
    priority = demand.priority
    since = demand.since
    job = demand.job
  }

  static func < (a: ServiceRank, b: ServiceRank) -> Bool {
    if a.reservedAt != b.reservedAt { return a.reservedAt < b.reservedAt }
    if a.exceedsNominal != b.exceedsNominal { return !a.exceedsNominal }
    if a.labLevel != b.labLevel { return a.labLevel < b.labLevel }
    if a.lab != b.lab { return a.lab < b.lab }
    if a.userLevel != b.userLevel { return a.userLevel < b.userLevel }
    if a.priority != b.priority { return a.priority > b.priority }
    if a.since != b.since { return a.since < b.since }
    return a.job < b.job
  }
}

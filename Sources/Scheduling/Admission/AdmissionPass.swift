public import JobModel

/// One pass over a snapshot. Use `Admission.plan`.
///
/// The order of service: who capacity is kept for, who stays within nominal quota, the least served lab
/// (`Shares.level`, moved by urgency), its least served user, that user's priority band, priority, age. A demand that does not fit holds the place at the
/// head for its kind of device: what comes after it is admitted only where it cannot delay it (backfill).
struct AdmissionPass {
  let snapshot: Snapshot
  let policy: SchedulingPolicy
  var pool: Pool
  var shares: Shares
  var plan = Plan()
  /// Demands that found no place, in their order.
  var starved: [Demand] = []
  /// Where running tasks are, for those who reckon with their end.
  var spots: [TaskID: Pool.Spot] = [:]

  private var lines: [WaitingLine]
  /// The line whose first demand is considered.
  private var turn = 0
  private var heads: [DeviceKind: BlockedHead] = [:]
  private var withoutPlace: Set<Shape> = []
  private var positions: [DeviceKind: Int] = [:]
  private var admitted = 0

  /// What makes two demands alike when places are looked for.
  private struct Shape: Hashable {
    let need: ResourceRequest
    let kind: TaskKind
    let companions: Int
  }

  init(_ snapshot: Snapshot, policy: SchedulingPolicy) {
    self.snapshot = snapshot
    self.policy = policy
    let pool = Pool(snapshot.nodes, turnover: snapshot.turnover)
    self.pool = pool
    shares = Shares(
      snapshot, capacity: pool.capacity, deviceMemory: pool.deviceMemory, policy: policy)
    lines = WaitingLine.lines(snapshot.demands, now: snapshot.now, policy: policy)
  }

  mutating func run() {
    placeHoldings()
    serveGangMembers()
    while let demand = nextDemand() {
      guard admitted < policy.admissionsPerPass else {
        plan.waits[demand.job] = Wait(.nextPass)
        lines[turn].dropFirst()
        continue
      }
      consider(demand)
    }
    reclaim()
  }

  // MARK: What there is

  private mutating func placeHoldings() {
    for holding in snapshot.holdings {
      if let node = holding.node {
        spots[holding.task] = pool.occupy(node, holding.need)
      } else {
        spots[holding.task] = pool.place(holding.need, kind: holding.kind)
      }
    }
  }

  /// Places that are kept for tasks a running one needs beside it go to these when they come, whatever the order.
  private mutating func serveGangMembers() {
    for leader in snapshot.holdings where leader.companions > 0 {
      let there = snapshot.holdings.filter { $0.job == leader.job && $0.kind == leader.companionKind }.count
      let missing = leader.companions - there
      guard missing > 0 else { continue }
      for _ in 0..<missing { _ = pool.place(leader.need, kind: leader.companionKind, usingTurnover: false) }
      shares.keep(leader, places: missing)
      let come = take(upTo: missing, job: leader.job, kind: leader.companionKind)
      if come > 0 { grant(leader.job, leader.companionKind, come) }
    }
  }

  private mutating func take(upTo most: Int, job: JobID, kind: TaskKind) -> Int {
    for index in lines.indices {
      let taken = lines[index].take(upTo: most, job: job, kind: kind)
      if taken > 0 { return taken }
    }
    return 0
  }

  // MARK: Order

  private mutating func nextDemand() -> Demand? {
    var best: (line: Int, rank: ServiceRank)?
    for index in lines.indices {
      guard let rank = lines[index].rank(shares, policy) else { continue }
      if let current = best, current.rank < rank { continue }
      best = (index, rank)
    }
    guard let best else { return nil }
    turn = best.line
    return lines[turn].first
  }

  private mutating func wait(_ demand: Demand, _ reason: Wait.Reason, isItsTurn: Bool) {
    var position: Int?
    if isItsTurn {
      positions[demand.need.kind, default: 0] += 1
      position = positions[demand.need.kind]
    }
    // The first reason counts: a job may wait with more than one kind of task.
    if plan.waits[demand.job] == nil { plan.waits[demand.job] = Wait(reason, position: position) }
    lines[turn].dropFirst()
  }

  // MARK: One demand

  private mutating func consider(_ demand: Demand) {
    if let reason = shares.limit(on: demand) { return wait(demand, reason, isItsTurn: false) }
    let device = demand.need.kind
    let kept = shares.keptByOthers(than: demand)
    if kept > 0,
      (shares.heldInAll[device] ?? 0) + shares.units(demand) + kept > pool.capacity(device) + 1e-9
    {
      return wait(demand, .notLent(device: device), isItsTurn: true)
    }
    let shape = Shape(need: demand.need, kind: demand.kind, companions: demand.companions)
    if withoutPlace.contains(shape) {
      starved.append(demand)
      return wait(demand, .capacity(demand.need), isItsTurn: true)
    }
    guard let spots = pool.place(demand) else { return hold(demand, shape) }
    if let head = heads[device], head.demand.job != demand.job, head.isDelayed(by: demand, now: snapshot.now)
    {
      for spot in spots { pool.free(spot) }
      return wait(demand, .keptFree(head.demand.job), isItsTurn: true)
    }
    heads[device]?.admitted(demand, now: snapshot.now)
    shares.hold(demand, members: 1 + demand.companions)
    grant(demand.job, demand.kind, 1)
    lines[turn].served()
    for index in lines.indices where lines[index].lab == demand.lab && lines[index].device == device {
      lines[index].sharesChanged()
    }
  }

  /// There is no place for it. The first of its kind of device becomes the head that backfill must not delay.
  private mutating func hold(_ demand: Demand, _ shape: Shape) {
    withoutPlace.insert(shape)
    if let reason = pool.refusal(of: demand) { return wait(demand, .nowhere(reason), isItsTurn: false) }
    starved.append(demand)
    if heads[demand.need.kind] == nil {
      heads[demand.need.kind] = BlockedHead(
        demand, pool: pool, holdings: snapshot.holdings, spots: spots, now: snapshot.now, policy: policy)
      // One slot comes free by itself; more at once has to be saved up.
      if demand.companions > 0 || demand.need.gpus > 1 || demand.reservedAt != nil { reserve(demand.job) }
    }
    wait(demand, .capacity(demand.need), isItsTurn: true)
  }

  mutating func reserve(_ job: JobID) {
    if !plan.reservations.contains(job) { plan.reservations.append(job) }
  }

  private mutating func grant(_ job: JobID, _ kind: TaskKind, _ count: Int) {
    admitted += count
    if let last = plan.grants.indices.last, plan.grants[last].job == job, plan.grants[last].kind == kind {
      plan.grants[last].count += count
    } else {
      plan.grants.append(Grant(job: job, kind: kind, count: count))
    }
  }
}

/// The admission of waiting tasks: who may run next, on what is there.
public enum Admission {
  /// Decides about a snapshot. Pure: nothing but the arguments counts.
  public static func plan(_ snapshot: Snapshot, policy: SchedulingPolicy = SchedulingPolicy()) -> Plan {
    var pass = AdmissionPass(snapshot, policy: policy)
    pass.run()
    return pass.plan
  }
}

extension Admission {
  /// Why a task could run on none of these workers, however idle; nil when one could take it.
  public static func refusal(of need: ResourceRequest, kind: TaskKind, on nodes: [Node]) -> String? {
    Pool(nodes).refusal(of: need, kind: kind)
  }
}

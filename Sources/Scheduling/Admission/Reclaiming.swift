import JobModel

/// Taking back what others borrowed.
///
/// A lab may take as long as it stays within what it is due (its nominal quota and its part of what is idle,
/// `Entitlement`), and only from labs that hold more than they are due even without what is taken; so a lab that was
/// taken from is never in the position to take it back, and nothing goes in circles. Besides: only after a minimum
/// run, each job only so often, and what is freed is kept for the taker. The least work since its last commit goes
/// first, learners last.
extension AdmissionPass {
  mutating func reclaim() {
    guard !starved.isEmpty else { return }
    let gangs = Dictionary(grouping: snapshot.holdings.filter { $0.leader != nil }) { $0.leader ?? 0 }
    func ending(with holding: Holding) -> [Holding] { [holding] + (gangs[holding.task] ?? []) }
    // What frees by itself shortly, or was asked for before, is not asked for again.
    var future = pool
    for holding in snapshot.holdings {
      guard holding.isYielding || endsSoon(holding), holding.leader == nil else { continue }
      for task in ending(with: holding) { if let spot = spots[task.task] { future.free(spot) } }
    }
    var shares = shares
    let dues = dues()
    let candidates = candidates(gangs)
    var asked: Set<TaskID> = []
    for demand in starved.prefix(32) {
      for _ in 0..<min(demand.waiting, policy.preemptionsPerPass) {
        guard shares.limit(on: demand) == nil else { break }
        if future.place(demand) == nil {
          guard snapshot.now - demand.since >= policy.reclaimAfter, asked.count < policy.preemptionsPerPass,
            let victims = victims(
              for: demand, among: candidates.filter { !asked.contains($0[0].task) }, future: future,
              shares: shares, dues: dues, most: policy.preemptionsPerPass - asked.count)
          else { break }
          for victim in victims {
            asked.insert(victim[0].task)
            free(victim, in: &future, &shares)
            plan.preemptions.append(Preemption(task: victim[0].task, beneficiary: demand.job))
          }
          _ = future.place(demand)
          reserve(demand.job)
        } else if demand.reservedAt != nil {
          reserve(demand.job)
        }
        shares.hold(demand, members: 1 + demand.companions)
      }
    }
  }

  /// Not worth asking: it is about to end. A task whose expected end has passed is one of which nothing is known.
  private func endsSoon(_ holding: Holding) -> Bool {
    guard holding.isRunning, let end = holding.expectedEnd else { return false }
    return end >= snapshot.now && end <= snapshot.now + policy.nearEnd
  }

  private func free(_ tasks: [Holding], in pool: inout Pool, _ shares: inout Shares) {
    for task in tasks {
      shares.release(task)
      if let spot = spots[task.task] { pool.free(spot) }
    }
  }

  /// The cheapest tasks whose end makes room for the demand; nil when that is not allowed or not enough.
  private func victims(
    for demand: Demand, among candidates: [[Holding]], future: Pool, shares: Shares,
    dues: [Shares.Key: Double], most: Int
  ) -> [[Holding]]? {
    let device = demand.need.kind
    func due(_ lab: LabID) -> Double { dues[Shares.Key(lab: lab, device: device)] ?? 0 }
    // Its nominal quota a lab has back in full. Of what is idle it takes less than is due, and nothing from a lab that
    // its history has made wait longer: the rest evens out as tasks end, and nobody is asked in vain.
    let isOwn = shares.fitsNominal(demand)
    let limit = due(demand.lab) * (isOwn ? 1 : policy.reclaimedPart)
    guard shares.held(demand.lab, device) + shares.units(demand) <= limit + 1e-9 else { return nil }
    var (trial, left) = (future, shares)
    var chosen: [[Holding]] = []
    for victim in candidates where victim[0].need.kind == device && victim[0].lab != demand.lab {
      guard isOwn || shares.level(demand.lab, device) < left.level(victim[0].lab, device) else { continue }
      let units = victim.reduce(0) { $0 + shares.units($1.need) }
      guard left.held(victim[0].lab, device) - units >= due(victim[0].lab) - 1e-9 else { continue }
      guard chosen.count < most else { return nil }
      chosen.append(victim)
      free(victim, in: &trial, &left)
      if trial.fits(demand) { return pruned(chosen, for: demand, future: future) }
    }
    return nil
  }

  /// What each lab is due of each kind of device, with what it holds and waits for.
  private func dues() -> [Shares.Key: Double] {
    var due: [Shares.Key: Double] = [:]
    for device in Set(starved.map(\.need.kind)) {
      var waiting: [LabID: Double] = [:]
      for demand in snapshot.demands where demand.need.kind == device {
        waiting[demand.lab, default: 0] += shares.units(demand) * Double(demand.waiting)
      }
      for holding in snapshot.holdings where holding.need.kind == device {
        waiting[holding.lab, default: 0] += shares.units(holding.need)
      }
      let claims = waiting.sorted { $0.key < $1.key }.map { lab, demand in
        Entitlement.Claim(shares.share(lab, device), demand: demand)
      }
      for (lab, units) in Entitlement.of(claims, capacity: pool.capacity(device)) {
        due[Shares.Key(lab: lab, device: device)] = units
      }
    }
    return due
  }

  /// Tasks that may be asked, each with those that end with it; the least loss first, learners last.
  private func candidates(_ gangs: [TaskID: [Holding]]) -> [[Holding]] {
    let now = snapshot.now
    let companions = Dictionary(
      snapshot.holdings.map { ($0.task, $0.companions) }, uniquingKeysWith: { first, _ in first })
    return snapshot.holdings.filter { holding in
      // One of a gang that has no more members than it needs is worth nothing alone.
      if let leader = holding.leader, (gangs[leader]?.count ?? 0) <= companions[leader] ?? 0 { return false }
      return holding.isRunning && !holding.isYielding && now - holding.since >= policy.minimumRun
        && holding.preemptions < policy.preemptionBudget && !endsSoon(holding)
    }.map { [$0] + (gangs[$0.task] ?? []) }.sorted { a, b in
      let (learnsA, learnsB) = (a[0].kind == .learn, b[0].kind == .learn)
      if learnsA != learnsB { return learnsB }
      let (lostA, lostB) = (lost(a), lost(b))
      return lostA != lostB ? lostA < lostB : a[0].task < b[0].task
    }
  }

  private func lost(_ tasks: [Holding]) -> Double {
    tasks.reduce(0) { $0 + shares.units($1.need) * max(0, snapshot.now - $1.savedAt) }
  }

  /// Spares those whose end the demand does not need after all.
  private func pruned(_ chosen: [[Holding]], for demand: Demand, future: Pool) -> [[Holding]] {
    var needed = chosen
    for victim in chosen.dropLast() {
      var trial = future
      for task in needed.joined() where !victim.contains(where: { $0.task == task.task }) {
        if let spot = spots[task.task] { trial.free(spot) }
      }
      if trial.fits(demand) { needed.removeAll { $0[0].task == victim[0].task } }
    }
    return needed
  }
}

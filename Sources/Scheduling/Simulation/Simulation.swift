import Glibc
import JobModel
import Randomness

/// Plays a scenario against `Admission`, on a clock of its own.
public struct Simulation {
  private enum Event {
    case arrival(Int)
    case end(TaskID)
    case gaveWay(TaskID)
  }

  private let scenario: Scenario
  private let policy: SchedulingPolicy
  private let nodes: [Node]
  private static let month = 30 * 86_400.0
  /// Months that are over.
  private var months = 0
  private var shares: [LabShare]
  private var now = 0.0
  private var events = EventQueue<Event>()
  private var pool: Pool
  private var jobs: [SimulatedJob] = []
  /// Jobs with tasks that wait, by stream, the oldest first.
  private var open: [[Int]] = []
  private var running: [TaskID: SimulatedTask] = [:]
  private var nextTask: TaskID = 1
  private var ledger = UsageLedger()
  private var tally: SimulationTally
  private var isDirty = false
  private var isStarved = false
  /// Sees every plan with its snapshot.
  private let observe: (Snapshot, Plan) -> Void

  /// - Parameter observe: called with every pass, for whoever checks what is decided.
  public static func run(
    _ scenario: Scenario, policy: SchedulingPolicy = SchedulingPolicy(),
    observe: @escaping (Snapshot, Plan) -> Void = { _, _ in }
  ) -> SimulationReport {
    var simulation = Simulation(scenario, policy: policy, observe: observe)
    return simulation.play()
  }

  private init(
    _ scenario: Scenario, policy: SchedulingPolicy, observe: @escaping (Snapshot, Plan) -> Void
  ) {
    self.scenario = scenario
    self.policy = policy
    self.observe = observe
    var nodes: [Node] = []
    for group in scenario.workers {
      for _ in 0..<group.count {
        nodes.append(
          Node(
            session: SessionID(nodes.count + 1), kinds: Set(TaskKind.allCases), slots: group.slots,
            inventory: Inventory(
              cores: 64, memoryBytes: 1 << 40,
              devices: (0..<group.gpus).map {
                .init(index: $0, name: "simulated", memoryBytes: group.gpuMemory)
              })))
      }
    }
    self.nodes = nodes
    pool = Pool(nodes)
    shares = scenario.labs.enumerated().flatMap { index, lab in
      Set(lab.streams.map(\.need.kind)).sorted().map {
        LabShare(lab: LabID(index + 1), device: $0, weight: lab.weight, quota: lab.quota)
      }
    }
    tally = SimulationTally(scenario, capacity: pool.capacity)
    scheduleArrivals()
  }

  private mutating func scheduleArrivals() {
    var users: [String: UserID] = [:]
    for (labIndex, lab) in scenario.labs.enumerated() {
      for (streamIndex, stream) in lab.streams.enumerated() where stream.jobsPerHour > 0 {
        let name = "\(lab.name)/\(stream.user)"
        let user = users[name] ?? UserID(users.count + 1)
        users[name] = user
        var random = SplitMix64(
          seed: scenario.seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(labIndex * 1_000 + streamIndex))
        var time = stream.from
        while true {
          time += -log(Double.random(in: 1e-12..<1, using: &random)) * 3_600 / stream.jobsPerHour
          guard time < min(stream.until, scenario.seconds) else { break }
          events.add(.arrival(jobs.count), at: time)
          jobs.append(
            SimulatedJob(
              id: JobID(jobs.count + 1), lab: labIndex, user: user, line: open.count, stream: stream,
              arrival: time, fresh: stream.tasks, unfinished: stream.tasks))
        }
        open.append([])
      }
    }
  }

  // MARK: Time

  private mutating func play() -> SimulationReport {
    var lastPass = -Double.infinity
    while now < scenario.seconds {
      // Where nothing has changed, only time can make a difference: to who may take back what.
      let nextPass =
        isDirty
        ? lastPass + scenario.tick : isStarved ? lastPass + max(scenario.tick, 30) : Double.infinity
      advance(to: max(now, min(events.nextTime ?? .infinity, nextPass, scenario.seconds)))
      while let time = events.nextTime, time <= now, let (_, event) = events.removeFirst() { handle(event) }
      if nextPass <= now, now < scenario.seconds {
        lastPass = now
        pass()
      }
    }
    return tally.report(jobs: jobs, now: now)
  }

  private mutating func advance(to time: Double) {
    guard time > now else { return }
    tally.advance(by: time - now, due: due())
    now = time
  }

  private mutating func handle(_ event: Event) {
    switch event {
    case .arrival(let index):
      open[jobs[index].line].append(index)
      tally.waits(jobs[index], tasks: jobs[index].fresh)
    case .end(let id):
      guard let task = running[id] else { return }
      leave(id, task)
      jobs[task.job].unfinished -= 1
      tally.ended(jobs[task.job])
    case .gaveWay(let id):
      guard let task = running[id] else { return }
      leave(id, task)
      let saved = jobs[task.job].stream.saves ? now - task.started : 0
      jobs[task.job].returned.append(max(1, task.length - saved))
      let line = jobs[task.job].line
      if !open[line].contains(task.job) {
        open[line].insert(task.job, at: open[line].firstIndex { $0 > task.job } ?? open[line].count)
      }
      tally.waits(jobs[task.job], tasks: 1)
    }
    isDirty = true
  }

  private mutating func leave(_ id: TaskID, _ task: SimulatedTask) {
    running[id] = nil
    for spot in task.spots { pool.free(spot) }
    let job = jobs[task.job]
    jobs[task.job].held -= 1
    tally.releases(job)
    let used = tally.units(job) * (now - task.started)
    for index in shares.indices
    where shares[index].lab == LabID(job.lab + 1) && shares[index].device == job.stream.need.kind {
      shares[index].spent += used
    }
    ledger.charge(
      lab: LabID(job.lab + 1), user: job.user, device: job.stream.need.kind,
      amount: used * policy.price(priority: job.stream.priority), at: now, policy: policy)
  }

  // MARK: Passes

  private mutating func pass() {
    // A new month, new budgets.
    if Int(now / Self.month) != months {
      months = Int(now / Self.month)
      for index in shares.indices { shares[index].spent = 0 }
    }
    let snapshot = self.snapshot()
    let plan = Admission.plan(snapshot, policy: policy)
    observe(snapshot, plan)
    tally.passes += 1
    isDirty = false
    let reserved = Set(plan.reservations)
    for index in inView {
      let keeps = reserved.contains(jobs[index].id)
      jobs[index].reservedAt = keeps ? jobs[index].reservedAt ?? now : nil
    }
    for grant in plan.grants { for _ in 0..<grant.count { start(Int(grant.job) - 1) } }
    for preemption in plan.preemptions {
      guard let task = running[preemption.task] else { continue }
      running[preemption.task]?.isYielding = true
      jobs[task.job].preemptions += 1
      tally.preempted(jobs[task.job])
      events.add(.gaveWay(preemption.task), at: now + (jobs[task.job].stream.saves ? 20 : 1))
    }
    isStarved = !plan.waits.isEmpty
  }

  private mutating func start(_ index: Int) {
    let demand = self.demand(index)
    guard let spots = pool.place(demand) else { return }
    tally.begins(jobs[index])
    let length = jobs[index].begin(seed: scenario.seed)
    if jobs[index].firstStart == nil { jobs[index].firstStart = now }
    jobs[index].held += 1
    if jobs[index].waiting == 0 { open[jobs[index].line].removeAll { $0 == index } }
    let id = nextTask
    nextTask += 1
    running[id] = SimulatedTask(
      job: index, started: now, length: length, spots: spots, sessions: spots.compactMap(pool.session))
    events.add(.end(id), at: now + length)
  }

  // MARK: What admission sees

  private func snapshot() -> Snapshot {
    Snapshot(
      now: now, nodes: nodes, labs: shares,
      holdings: running.keys.sorted().flatMap(holdings),
      demands: inView.map(demand), usage: ledger.usage(at: now, policy: policy))
  }

  /// Jobs whose turn can come; of a long line only the first.
  private var inView: [Int] { open.flatMap { $0.prefix(64) } }

  /// A gang shows as so many holdings; its first one's task is the one to ask.
  private func holdings(_ id: TaskID) -> [Holding] {
    guard let task = running[id] else { return [] }
    let job = jobs[task.job]
    return task.sessions.enumerated().map { member, session in
      Holding(
        task: member == 0 ? id : -(id * 1_000 + TaskID(member)), job: job.id, lab: LabID(job.lab + 1),
        user: job.user, priority: job.stream.priority, kind: .shard, need: job.stream.need, node: session,
        since: task.started, savedAt: job.stream.saves ? now : task.started,
        expectedEnd: task.started + job.stream.seconds, expectedSeconds: job.stream.seconds,
        companions: member == 0 ? job.stream.gang - 1 : 0, companionKind: .shard,
        leader: member == 0 ? nil : id, isYielding: task.isYielding, preemptions: job.preemptions)
    }
  }

  private func demand(_ index: Int) -> Demand {
    let job = jobs[index]
    return Demand(
      job: job.id, lab: LabID(job.lab + 1), user: job.user, priority: job.stream.priority, kind: .shard,
      need: job.stream.need, waiting: job.waiting, companions: job.stream.gang - 1, companionKind: .shard,
      since: job.arrival, expectedSeconds: job.stream.seconds * (1 + job.stream.spread),
      reservedAt: job.reservedAt)
  }

  /// What each lab is due now, by kind of device.
  private func due() -> [[LabID: Double]] {
    DeviceKind.allCases.map { device in
      let claims = shares.filter { $0.device == device }.map {
        Entitlement.Claim($0, demand: tally.wanted(lab: Int($0.lab) - 1))
      }
      return claims.isEmpty ? [:] : Entitlement.of(claims, capacity: tally.capacity(device))
    }
  }
}

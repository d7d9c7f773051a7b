import JobModel
import JobStore
import OrderedJSON
import PostgresClient
import Testing

@Suite("The rollout ledger")
struct LedgerTests {
  /// A training with its learner claimed.
  private func training() async throws -> (bench: Bench, session: SessionID, learn: ClaimedTask) {
    let bench = try await Bench.make()
    _ = try await bench.submit("train")
    let session = try await bench.session()
    return (bench, session, try await bench.take(session, kinds: [.learn]))
  }

  private func open(_ ordinals: ClosedRange<Int64>, version: Int = 0, _ lease: Lease) -> OpenRolloutsRequest {
    OpenRolloutsRequest(
      lease: lease, version: version,
      rollouts: ordinals.map { .init(ordinal: $0, payload: ["ordinal": .integer(Int($0))]) })
  }

  private func commit(_ bench: Bench, _ session: SessionID, version: Int = 0) async throws {
    while let task = try await bench.claim(session, kinds: [.rolloutGroup]).first {
      let group = Bench.group(run: task.job, ordinal: task.ordinal ?? -1, version: version)
      _ = try await bench.store.complete(CompleteRequest(lease: task.lease, groups: [group]))
    }
  }

  private func step(
    _ number: Int, _ ordinals: [Int64], _ lease: Lease, input: Int? = nil
  ) -> RecordStepRequest {
    RecordStepRequest(
      lease: lease,
      step: StepRecord(
        step: number, ordinals: ordinals, inputVersion: input ?? number - 1, outputVersion: number,
        metrics: ["reward": 0.5]),
      version: PolicyVersion(number: number, path: "/o/v\(number)", sha256: "h\(number)", kind: .full))
  }

  @Test(
    "a training's steps and its tasks are read alone, and the whole only by its lab and under a lease that lasts"
  )
  func reading() async throws {
    let bench = try await Bench.make()
    _ = try await bench.submit("train", with: [.init("staleness", 2)])
    let session = try await bench.session()
    let learn = try await bench.take(session, kinds: [.learn])
    let (store, lab, job) = (bench.store, bench.person.lab, learn.job)
    _ = try await store.openRollouts(open(0...3, learn.lease))
    try await commit(bench, session)
    for number in 1...3 {
      _ = try await store.recordStep(step(number, [Int64(number)], learn.lease))
    }
    let whole = try await store.detail(job, lab: lab)
    #expect(whole.steps.map(\.step) == [1, 2, 3] && whole.tasks.count > 4)
    #expect(try await store.tasks(of: job, lab: lab) == TaskList(tasks: whole.tasks, next: nil))
    var (paged, last): ([TaskRecord], TaskID?) = ([], nil)
    repeat {
      let page = try await store.tasks(of: job, after: last, limit: 2, lab: lab)
      #expect(page.tasks.count == 2 || page.next == nil)
      paged += page.tasks
      last = page.next
    } while last != nil
    #expect(paged == whole.tasks)
    #expect(try await store.steps(of: job, after: 1, lab: lab) == Array(whole.steps.dropFirst()))
    await #expect(throws: StoreError.self) { try await store.tasks(of: job, lab: lab + 1) }
    await #expect(throws: StoreError.self) { try await store.steps(of: job, after: 0, lab: lab + 1) }
    #expect(try await store.detail(job, lab: lab, under: learn.lease) == whole)
    let over = Lease(task: learn.id, epoch: learn.epoch - 1)
    #expect(try await store.detail(job, lab: lab, under: over) == nil)
    #expect(try await store.detail(job + 1, lab: lab, under: learn.lease) == nil)
  }

  @Test("groups open once, are stored once and come back bit by bit")
  func exactlyOnce() async throws {
    let (bench, session, learn) = try await training()
    #expect(try await bench.store.openRollouts(open(0...3, learn.lease)).opened == 4)
    #expect(try await bench.store.openRollouts(open(2...5, learn.lease)).opened == 2)
    let first = try await bench.take(session, kinds: [.rolloutGroup])
    #expect(first.ordinal == 0 && first.payload == ["ordinal": 0])
    let group = Bench.group(run: learn.job, ordinal: 0)
    // The same group from another task's completion: the first to commit wins.
    let second = try await bench.take(session, kinds: [.rolloutGroup])
    let rival = Bench.group(run: learn.job, ordinal: 0, reward: 0)
    let own = Bench.group(run: learn.job, ordinal: 1)
    _ = try await bench.store.complete(CompleteRequest(lease: first.lease, groups: [group]))
    _ = try await bench.store.complete(CompleteRequest(lease: second.lease, groups: [rival, own]))
    let reply = try await bench.store.committedGroups(.init(lease: learn.lease, from: 0, through: 5))
    #expect(reply.groups == [group, own])
    #expect(try await bench.store.openRollouts(open(0...5, learn.lease)).opened == 0)
  }

  @Test("a step consumes its groups once, in order, and cannot be recorded twice")
  func steps() async throws {
    let (bench, session, learn) = try await training()
    let start = PolicyVersion(number: 0, path: "/m", sha256: "h0", kind: .full)
    #expect(
      try await bench.store.announceVersion(.init(lease: learn.lease, version: start)).outcome == .accepted)
    #expect(
      try await bench.store.announceVersion(.init(lease: learn.lease, version: start)).outcome == .accepted)
    _ = try await bench.store.openRollouts(open(0...3, learn.lease))
    #expect(try await bench.store.recordStep(step(1, [0, 1], learn.lease)).outcome == .groupsUnavailable)
    try await commit(bench, session)
    #expect(try await bench.store.recordStep(step(2, [0, 1], learn.lease)).outcome == .alreadyRecorded)
    #expect(try await bench.store.recordStep(step(1, [1, 0], learn.lease)).outcome == .recorded)
    #expect(try await bench.store.recordStep(step(1, [2, 3], learn.lease)).outcome == .alreadyRecorded)
    #expect(try await bench.store.recordStep(step(2, [1, 2], learn.lease)).outcome == .groupsUnavailable)
    // Staleness 0: groups of version 0 are too old for a step that starts from version 1.
    #expect(try await bench.store.recordStep(step(2, [2, 3], learn.lease)).outcome == .groupsUnavailable)
    let groups = try await bench.store.committedGroups(.init(lease: learn.lease, from: 0, through: 3)).groups
    #expect(groups.map(\.consumedStep) == [1, 1], "the others are of no use any more")
    let state = try await bench.store.runState(RunStateRequest(lease: learn.lease))
    #expect(state.lastStep == 1 && state.versions.map(\.number) == [0, 1])
    #expect(state.steps.map(\.ordinals) == [[1, 0]] && state.steps[0].metrics == ["reward": 0.5])
  }

  @Test("a learner is told which steps unfinished forks of its own lab begin from")
  func forks() async throws {
    let (bench, _, learn) = try await training()
    func settings(step: Int, run: JobID) -> [JSON.Member] {
      [
        .init(
          "fork",
          .object([
            .init("run", .integer(Int(run))), .init("step", .integer(step)), .init("checkpoint", "/o/s"),
            .init("sha256", .string(String(repeating: "a", count: 64))),
          ]))
      ]
    }
    for step in [30, 20, 30] {
      _ = try await bench.submit("train", with: settings(step: step, run: learn.job))
    }
    _ = try await bench.submit("train", with: settings(step: 40, run: learn.job + 1000))
    let given = try await bench.submit("train", with: settings(step: 50, run: learn.job))
    _ = try await bench.store.cancel(given.id, by: bench.person)
    let stranger = try await Bench.caller(bench.store, lab: "acoustics", user: "bo")
    _ = try await bench.store.submit(
      SubmitRequest(spec: Bench.spec("train", settings(step: 60, run: learn.job))), by: stranger)
    let reply = try await bench.store.recordStep(step(1, [], learn.lease))
    #expect(reply.outcome == .recorded && reply.forkedSteps == [20, 30])
  }

  @Test("groups may be as many versions old as the job allows when they are consumed, and no older")
  func staleness() async throws {
    let bench = try await Bench.make()
    _ = try await bench.submit("train", with: [.init("staleness", 2)])
    let session = try await bench.session()
    let learn = try await bench.take(session, kinds: [.learn])
    _ = try await bench.store.openRollouts(open(0...3, learn.lease))
    try await commit(bench, session)
    for number in 1...3 {
      let reply = try await bench.store.recordStep(step(number, [Int64(number - 1)], learn.lease))
      #expect(reply.outcome == .recorded, "groups of version 0 in a step from version \(number - 1)")
    }
    #expect(try await bench.store.recordStep(step(4, [3], learn.lease)).outcome == .groupsUnavailable)
    #expect(try await stale(bench, learn.job) == [3], "it is marked, and stays in the ledger")
  }

  /// Ordinals of the groups that are marked as too old.
  private func stale(_ bench: Bench, _ run: JobID) async throws -> [Int64] {
    try await bench.store.pool.run { session in
      try session.execute(
        "SELECT ordinal FROM rollout_groups WHERE run_id = $1 AND stale_after IS NOT NULL ORDER BY ordinal",
        run
      ).map { try $0.get("ordinal") }
    }
  }

  @Test("a group that has become too old is kept and marked, and its ordinal is answered once more")
  func staleAndAgain() async throws {
    let bench = try await Bench.make()
    _ = try await bench.submit("train", with: [.init("staleness", 1), .init("prompts_per_step", 1)])
    let session = try await bench.session()
    let learn = try await bench.take(session, kinds: [.learn])
    _ = try await bench.store.openRollouts(open(0...1, learn.lease))
    // The task of ordinal 1 hangs until the run has gone on by other ordinals.
    let first = try await bench.take(session, kinds: [.rolloutGroup])
    let slow = try await bench.take(session, kinds: [.rolloutGroup])
    func complete(_ task: ClaimedTask, version: Int) async throws {
      let group = Bench.group(run: task.job, ordinal: task.ordinal ?? -1, version: version)
      #expect(
        try await bench.store.complete(CompleteRequest(lease: task.lease, groups: [group])).outcome
          == .accepted)
    }
    try await complete(first, version: 0)
    #expect(try await bench.store.recordStep(step(1, [0], learn.lease)).outcome == .recorded)
    #expect(try await bench.store.recordStep(step(2, [], learn.lease)).outcome == .recorded)
    // Version 0 is two versions behind when its answers arrive.
    try await complete(slow, version: 0)
    #expect(try await stale(bench, learn.job) == [1])
    #expect(
      try await bench.store.committedGroups(.init(lease: learn.lease, from: 1, through: 1)).groups.isEmpty)
    let reply = try await bench.store.openRollouts(open(1...1, version: 2, learn.lease))
    #expect(reply.opened == 1 && reply.reopened == 1)
    #expect(try await bench.store.openRollouts(open(1...1, version: 2, learn.lease)).opened == 0)
    try await complete(try await bench.take(session, kinds: [.rolloutGroup]), version: 2)
    #expect(try await bench.store.recordStep(step(3, [1], learn.lease)).outcome == .recorded)
    let used = try await bench.store.groups(of: learn.job, step: 3, lab: bench.person.lab)
    #expect(used.map(\.behaviourVersion) == [2])
    #expect(try await stale(bench, learn.job) == [1], "the old group is still there")
    let events = try await bench.store.events(
      EventFilter(lab: bench.person.lab, job: learn.job)
    ).events
    #expect(events.contains { $0.kind == "groups-stale" })
  }

  @Test(
    "groups are not asked for of a version that is none or too old, nor further ahead than they may be old")
  func admission() async throws {
    let bench = try await Bench.make()
    _ = try await bench.submit("train", with: [.init("staleness", 1), .init("prompts_per_step", 2)])
    let session = try await bench.session()
    let learn = try await bench.take(session, kinds: [.learn])
    func refusal(_ ordinals: ClosedRange<Int64>, version: Int) async -> String {
      do {
        return
          "opened \(try await bench.store.openRollouts(open(ordinals, version: version, learn.lease)).opened)"
      } catch {
        return "\(error)"
      }
    }
    #expect(await refusal(0...4, version: 0).contains("ordinal 4 belongs to no step up to 2"))
    #expect(await refusal(0...1, version: 1).contains("version 1 cannot answer"))
    #expect(await refusal(0...3, version: 0) == "opened 4")
    #expect(try await bench.store.recordStep(step(1, [], learn.lease)).outcome == .recorded)
    #expect(try await bench.store.recordStep(step(2, [], learn.lease)).outcome == .recorded)
    #expect(await refusal(4...5, version: 0).contains("version 0 cannot answer"))
    #expect(await refusal(4...5, version: 1) == "opened 2")
    #expect(await refusal(6...7, version: 1).contains("ordinal 6"))
  }

  @Test("a step without groups and without a version is recorded, as supervised fine-tuning takes them")
  func bareStep() async throws {
    let (bench, _, learn) = try await training()
    var request = step(1, [], learn.lease)
    request.version = nil
    #expect(try await bench.store.recordStep(request).outcome == .recorded)
    let state = try await bench.store.runState(RunStateRequest(lease: learn.lease))
    #expect(state.lastStep == 1 && state.versions.isEmpty && state.steps[0].ordinals.isEmpty)
  }

  @Test("a fork's first step is the one after the step it starts from")
  func fork() async throws {
    let bench = try await Bench.make()
    let hash = String(repeating: "a", count: 64)
    let fork: JSON = ["run": 1, "step": 40, "checkpoint": "/c", "sha256": .string(hash)]
    _ = try await bench.submit("train", with: [.init("fork", fork)])
    let session = try await bench.session()
    let learn = try await bench.take(session, kinds: [.learn])
    #expect(try await bench.store.runState(RunStateRequest(lease: learn.lease)).lastStep == 40)
    #expect(try await bench.store.recordStep(step(1, [], learn.lease)).outcome == .alreadyRecorded)
    #expect(try await bench.store.recordStep(step(41, [], learn.lease)).outcome == .recorded)
  }

  @Test("a reaped learner commits nothing; its heir goes on from the ledger")
  func zombieLearner() async throws {
    let (bench, session, old) = try await training()
    let rollouts = try await bench.session("rollouts")
    _ = try await bench.store.openRollouts(open(0...1, old.lease))
    try await commit(bench, rollouts)
    try await bench.silence(session)
    _ = try await bench.store.tick()
    #expect(try await bench.store.recordStep(step(1, [0, 1], old.lease)).outcome == .stale)
    #expect(try await bench.store.openRollouts(open(2...3, old.lease)).outcome == .stale)
    #expect(
      try await bench.store.committedGroups(.init(lease: old.lease, from: 0, through: 1)).outcome == .stale)
    let version = PolicyVersion(number: 0, path: "/m", sha256: "h", kind: .full)
    #expect(
      try await bench.store.announceVersion(.init(lease: old.lease, version: version)).outcome == .stale)
    #expect(try await bench.store.runState(RunStateRequest(lease: old.lease)).outcome == .stale)

    let heir = try await bench.take(rollouts, kinds: [.learn])
    #expect(try await bench.store.runState(RunStateRequest(lease: heir.lease)).lastStep == 0)
    #expect(try await bench.store.recordStep(step(1, [0, 1], heir.lease)).outcome == .recorded)
    _ = try await bench.store.openRollouts(open(2...2, version: 1, heir.lease))
    #expect(try await bench.store.complete(CompleteRequest(lease: heir.lease)).outcome == .accepted)
    // The job ends with its learner; the group nobody needs any more is withdrawn.
    let job = try await bench.job(heir.job)
    #expect(job.state == .succeeded && job.tasks.cancelled == 1)
    #expect(try await bench.claim(rollouts).isEmpty)
  }

  @Test("a rollout worker that vanishes costs nothing: the group is generated again and stored once")
  func lostRollout() async throws {
    let (bench, _, learn) = try await training()
    _ = try await bench.store.openRollouts(open(0...0, learn.lease))
    let lost = try await bench.session("lost")
    let old = try await bench.take(lost, kinds: [.rolloutGroup])
    try await bench.silence(lost)
    _ = try await bench.store.tick()
    let worker = try await bench.session("w")
    try await commit(bench, worker)
    let late = CompleteRequest(lease: old.lease, groups: [Bench.group(run: learn.job, ordinal: 0, reward: 0)])
    #expect(try await bench.store.complete(late).outcome == .stale)
    let groups = try await bench.store.committedGroups(.init(lease: learn.lease, from: 0, through: 0)).groups
    #expect(groups == [Bench.group(run: learn.job, ordinal: 0)])
  }

  @Test("calls of the learner are refused to other tasks")
  func notALearner() async throws {
    let (bench, session, learn) = try await training()
    _ = try await bench.store.openRollouts(open(0...0, learn.lease))
    let rollout = try await bench.take(session, kinds: [.rolloutGroup])
    await #expect(throws: StoreError.self) { try await bench.store.openRollouts(open(1...1, rollout.lease)) }
  }
}

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
    #expect(groups.map(\.consumedStep) == [1, 1, nil, nil])
    let state = try await bench.store.runState(RunStateRequest(lease: learn.lease))
    #expect(state.lastStep == 1 && state.versions.map(\.number) == [0, 1])
    #expect(state.steps.map(\.ordinals) == [[1, 0]] && state.steps[0].metrics == ["reward": 0.5])
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
    let left = try await bench.store.committedGroups(.init(lease: learn.lease, from: 3, through: 3)).groups
    #expect(left.count == 1 && left[0].consumedStep == nil, "a stale group stays in the ledger")
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

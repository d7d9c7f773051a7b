import JobModel
import JobStore
import OrderedJSON
import PostgresClient
import Testing

@Suite("Workers that hold a model")
struct AffinityTests {
  private func submit(_ bench: Bench, model: String) async throws -> JobID {
    let spec = try JobSpec(["kind": "eval", "model": .string(model), "data": "/d", "output": "/o"])
    return try await bench.store.submit(SubmitRequest(spec: spec), by: bench.person).id
  }

  /// A session that has said what it holds.
  private func session(_ bench: Bench, holding loaded: [String], slots: Int = 8) async throws -> SessionID {
    let session = try await bench.session(slots: slots)
    _ = try await bench.store.heartbeat(HeartbeatRequest(session: session, leases: [], loaded: loaded))
    return session
  }

  private func claim(_ bench: Bench, _ session: SessionID, holding loaded: [String]) async throws -> [JobID] {
    try await bench.store.claim(
      ClaimRequest(session: session, kinds: TaskKind.allCases, limit: 1, loaded: loaded),
      token: bench.workerToken
    ).tasks.map(\.job)
  }

  private func age(_ bench: Bench, seconds: Double) async throws {
    _ = try await bench.store.pool.run { session in
      try session.execute("UPDATE ready SET since = since - make_interval(secs => $1)", seconds).affected
    }
  }

  @Test("a worker takes what it holds the model of before an older job, and a job that has waited goes first")
  func preference() async throws {
    let bench = try await Bench.make()
    let holder = try await session(bench, holding: ["/b"])
    let older = try await submit(bench, model: "/a")
    let first = try await submit(bench, model: "/b")
    _ = try await submit(bench, model: "/b")
    #expect(try await claim(bench, holder, holding: ["/b"]) == [first])
    try await age(bench, seconds: 31)
    #expect(try await claim(bench, holder, holding: ["/b"]) == [older])
  }

  @Test(
    "a task is left for a moment to a worker that holds its model, unless that one is busy or holds it too")
  func leaving() async throws {
    let bench = try await Bench.make()
    let holder = try await session(bench, holding: ["/a"], slots: 1)
    let other = try await session(bench, holding: ["/b"])
    let job = try await submit(bench, model: "/a")
    #expect(try await claim(bench, other, holding: ["/b"]).isEmpty)
    #expect(try await claim(bench, holder, holding: ["/a"]) == [job])
    // The holder has no slot left: nobody waits for it.
    let second = try await submit(bench, model: "/a")
    #expect(try await claim(bench, other, holding: ["/b"]) == [second])
  }

  @Test("more tasks than its holders have free slots for go to others at once")
  func manyTasks() async throws {
    let bench = try await Bench.make()
    let other = try await session(bench, holding: ["/b"])
    let job = try await submit(bench, model: "/a")
    let plan = try await bench.take(other)
    let holder = try await session(bench, holding: ["/a"], slots: 2)
    #expect(try await bench.plan(plan, shards: 3) == .accepted)
    #expect(try await claim(bench, other, holding: ["/b"]) == [job])
    #expect(try await claim(bench, other, holding: ["/b"]).isEmpty, "two are left, for two slots")
    for _ in 0..<2 { #expect(try await claim(bench, holder, holding: ["/a"]) == [job]) }
  }

  @Test("nobody waits longer than the bound for a holder that does not come, or that drains")
  func patience() async throws {
    let bench = try await Bench.make()
    let holder = try await session(bench, holding: ["/a"])
    let other = try await session(bench, holding: [])
    let first = try await submit(bench, model: "/a")
    #expect(try await claim(bench, other, holding: []).isEmpty)
    try await age(bench, seconds: 2)
    #expect(try await claim(bench, other, holding: []) == [first])
    let second = try await submit(bench, model: "/a")
    let admin = try await Bench.caller(bench.store, lab: "operators", user: "root", role: .admin)
    _ = try await bench.store.changeWorker(holder, ChangeWorkerRequest(draining: true), by: admin)
    #expect(try await claim(bench, other, holding: []) == [second])
  }

  @Test("a worker that cannot have what it holds the model of takes what is next")
  func held() async throws {
    let bench = try await Bench.make()
    let gpu = Inventory(devices: [.init(index: 0, name: "H100", memoryBytes: 80 << 30)])
    _ = try await bench.session(inventory: gpu)
    let holder = try await session(bench, holding: ["/b"])
    let older = try await submit(bench, model: "/a")
    let spec = try JobSpec([
      "kind": "eval", "model": "/b", "data": "/d", "output": "/o", "resources": ["gpu": 1],
    ])
    let held = try await bench.store.submit(SubmitRequest(spec: spec), by: bench.person).id
    _ = try await bench.store.pool.run { session in
      try session.execute(
        "UPDATE ready SET need_id = (SELECT need_id FROM jobs WHERE id = $1) WHERE job_id = $1", held
      ).affected
    }
    #expect(try await claim(bench, holder, holding: ["/b"]) == [older])
  }

  @Test(
    "the list of workers says what each has in memory, until it says otherwise, and to a lab only what is its own"
  )
  func inventory() async throws {
    let bench = try await Bench.make()
    let run = try await bench.submit("train").id
    _ = try await submit(bench, model: "/models/base")
    let stranger = try await Bench.caller(bench.store, lab: "welding", user: "eve")
    let holding = ["/models/base", CheckpointKey.run(run), "/secret", "run/x"]
    let holder = try await session(bench, holding: holding)
    _ = try await bench.store.heartbeat(HeartbeatRequest(session: holder, leases: []))
    func loaded(by lab: LabID, seesAll: Bool = false) async throws -> [String]? {
      try await bench.store.workers(lab: lab, seesAll: seesAll).workers.first?.loaded
    }
    #expect(try await loaded(by: bench.person.lab) == ["/models/base", CheckpointKey.run(run)])
    #expect(try await loaded(by: stranger.lab) == [])
    #expect(try await loaded(by: stranger.lab, seesAll: true) == holding)
    _ = try await bench.store.heartbeat(HeartbeatRequest(session: holder, leases: [], loaded: []))
    #expect(try await loaded(by: bench.person.lab, seesAll: true) == [])
  }

  @Test("rollouts of a training go to the worker that holds its policy")
  func policies() async throws {
    let bench = try await Bench.make()
    let first = try await bench.submit("train")
    let learner = try await bench.session("learner")
    let task = try await bench.take(learner, kinds: [.learn])
    _ = try await bench.store.openRollouts(
      OpenRolloutsRequest(
        lease: task.lease, version: 0, rollouts: [.init(ordinal: 0, payload: [:])]))
    let holder = try await session(bench, holding: [CheckpointKey.run(first.id)], slots: 1)
    let other = try await session(bench, holding: ["/m"])
    #expect(try await claim(bench, other, holding: ["/m"]).isEmpty)
    #expect(try await claim(bench, holder, holding: [CheckpointKey.run(first.id)]) == [first.id])
  }
}

import JobModel
import JobStore
import OrderedJSON
import PostgresClient
import Testing

@Suite("Claims")
struct ClaimTests {
  @Test("no task is handed out twice, however many workers claim at once")
  func exclusive() async throws {
    let bench = try await Bench.make(connections: 8)
    _ = try await bench.submit()
    let planner = try await bench.session()
    #expect(try await bench.plan(try await bench.take(planner), shards: 200) == .accepted)

    let leases = try await withThrowingTaskGroup(of: [Lease].self) { group in
      for index in 0..<8 {
        group.addTask {
          let session = try await bench.session("w\(index)")
          var mine: [Lease] = []
          while true {
            let tasks = try await bench.claim(session, limit: 1 + index % 3)
            if tasks.isEmpty { return mine }
            mine += tasks.map(\.lease)
          }
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(leases.count == 200)
    #expect(Set(leases.map(\.task)).count == 200)
  }

  @Test("workers that claim at once get as many as they asked for each, and one that is not alive gets none")
  func together() async throws {
    let bench = try await Bench.make(connections: 4)
    _ = try await bench.submit()
    let planner = try await bench.session()
    #expect(try await bench.plan(try await bench.take(planner), shards: 60) == .accepted)
    var sessions: [SessionID] = []
    for index in 0..<24 { sessions.append(try await bench.session("w\(index)")) }
    try await bench.store.endSession(EndSessionRequest(session: sessions[5]), token: bench.workerToken)
    let claims = try await withThrowingTaskGroup(of: (Int, ClaimReply).self) { group in
      for (index, session) in sessions.enumerated() {
        group.addTask {
          let request = ClaimRequest(session: session, kinds: [.shard], limit: 1 + index % 3)
          return (index, try await bench.store.claim(request, token: bench.workerToken))
        }
      }
      return try await group.reduce(into: [Int: ClaimReply]()) { $0[$1.0] = $1.1 }
    }
    for (index, reply) in claims {
      #expect(reply.sessionAlive == (index != 5))
      #expect(reply.tasks.count == (index == 5 ? 0 : 1 + index % 3))
      // The records name the worker that was told.
      for task in reply.tasks {
        let beat = try await bench.store.heartbeat(
          HeartbeatRequest(session: sessions[index], leases: [.init(task.lease)]), token: bench.workerToken)
        #expect(beat.results.map(\.verdict) == [.renewed])
      }
    }
    #expect(Set(claims.values.flatMap { $0.tasks.map(\.id) }).count == 45)
  }

  @Test("machines with a GPU each that claim at once get a task for a GPU each")
  func togetherWithNeeds() async throws {
    let bench = try await Bench.make(connections: 4)
    let gpu = Inventory(devices: [.init(index: 0, name: "H100", memoryBytes: 80 << 30)])
    var sessions: [SessionID] = []
    for index in 0..<6 { sessions.append(try await bench.session("w\(index)", inventory: gpu)) }
    let spec = try JobSpec([
      "kind": "eval", "model": "/m", "data": "/d", "output": "/o", "resources": ["gpu": 1],
    ])
    let job = try await bench.store.submit(SubmitRequest(spec: spec), by: bench.person)
    #expect(try await bench.plan(try await bench.take(sessions[0]), shards: 6) == .accepted)
    let tasks = try await withThrowingTaskGroup(of: [ClaimedTask].self) { group in
      for session in sessions {
        group.addTask {
          try await bench.claim(session, kinds: [.shard], limit: 8, free: gpu.free)
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(tasks.allSatisfy { $0.count == 1 && $0[0].job == job.id })
    #expect(Set(tasks.flatMap { $0.map(\.id) }).count == 6)
  }

  @Test("a task that needs more than a slot keeps its turn before later ones that do not")
  func turnOfNeed() async throws {
    let bench = try await Bench.make()
    let inventory = Inventory(cores: 8)
    let session = try await bench.session(inventory: inventory)
    let plain = try await bench.submit()
    let needy = try await bench.submit("score", priority: 1, with: [.init("resources", ["cores": 4])])
    for task in try await bench.claim(session, limit: 2) { _ = try await bench.plan(task, shards: 2) }
    for expected in [needy.id, needy.id, plain.id, plain.id] {
      #expect(try await bench.claim(session, kinds: [.shard], free: inventory.free).map(\.job) == [expected])
    }
  }

  @Test(
    "a task that a program of before made ready, without its payload, is claimed with it",
    arguments: [[], [JSON.Member("resources", ["cores": 4])]])
  func payloads(needs: [JSON.Member]) async throws {
    let bench = try await Bench.make()
    _ = try await bench.submit(with: needs)
    let inventory = Inventory(cores: 8)
    let session = try await bench.session(inventory: inventory)
    _ = try await bench.plan(try await bench.take(session), shards: 4)
    try await bench.store.pool.run { connection in
      _ = try connection.execute("UPDATE ready SET payload = NULL WHERE task_id % 2 = 0")
    }
    var shards: Set<Int> = []
    for _ in 0..<4 {
      let tasks = try await bench.claim(session, kinds: [.shard], free: inventory.free)
      shards.formUnion(tasks.compactMap { $0.payload["shard"]?.int })
    }
    #expect(shards == Set(0..<4))
  }

  @Test("higher priority goes first, then the older job, and only kinds asked for")
  func order() async throws {
    let bench = try await Bench.make()
    let first = try await bench.submit()
    let second = try await bench.submit()
    let urgent = try await bench.submit("score", priority: 5)
    let training = try await bench.submit("train", priority: 9)
    let session = try await bench.session()
    let tasks = try await bench.claim(session, kinds: [.plan], limit: 10)
    #expect(tasks.map(\.job) == [urgent.id, first.id, second.id])
    #expect(tasks.allSatisfy { $0.attempt == 1 && $0.epoch == 1 })
    let learn = try await bench.take(session, kinds: [.learn])
    #expect(learn.job == training.id && learn.spec == training.spec)
    #expect(try await bench.job(first.id).state == .running)
  }

  @Test("a dead or foreign session claims nothing and is told so")
  func deadSession() async throws {
    let bench = try await Bench.make()
    _ = try await bench.submit()
    let session = try await bench.session()
    try await bench.silence(session)
    _ = try await bench.store.tick()
    let request = ClaimRequest(session: session, kinds: [.plan], limit: 1)
    #expect(
      try await bench.store.claim(request, token: bench.workerToken)
        == ClaimReply(tasks: [], sessionAlive: false))
    let other = ClaimRequest(session: try await bench.session(), kinds: [.plan], limit: 1)
    #expect(try await bench.store.claim(other, token: 999).sessionAlive == false)
  }

  @Test("stages follow each other: plan, then all shards, then the report, then the job is done")
  func stages() async throws {
    let bench = try await Bench.make()
    let job = try await bench.submit()
    let session = try await bench.session()
    #expect(try await bench.plan(try await bench.take(session), shards: 2) == .accepted)
    let shards = try await bench.claim(session, limit: 10)
    #expect(shards.map(\.kind) == [.shard, .shard])
    #expect(shards.map(\.payload) == [["shard": 0], ["shard": 1]])
    _ = try await bench.store.complete(CompleteRequest(lease: shards[0].lease))
    #expect(try await bench.claim(session).isEmpty)
    _ = try await bench.store.complete(CompleteRequest(lease: shards[1].lease))
    let report = try await bench.take(session)
    #expect(report.kind == .report)
    #expect(try await bench.job(job.id).state == .running)
    _ = try await bench.store.complete(CompleteRequest(lease: report.lease, result: ["accuracy": 0.5]))
    let record = try await bench.job(job.id)
    #expect(record.state == .succeeded && record.tasks.succeeded == 4 && record.finishedAt != nil)
    let detail = try await bench.store.detail(job.id, lab: bench.person.lab)
    #expect(detail.tasks.last?.result == ["accuracy": 0.5])
  }

  @Test("two shards that complete at the same time still admit the next stage")
  func lastTwoTogether() async throws {
    let bench = try await Bench.make(connections: 8)
    _ = try await bench.submit()
    let session = try await bench.session()
    _ = try await bench.plan(try await bench.take(session), shards: 16)
    let shards = try await bench.claim(session, limit: 16)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for shard in shards {
        group.addTask { _ = try await bench.store.complete(CompleteRequest(lease: shard.lease)) }
      }
      try await group.waitForAll()
    }
    #expect(try await bench.take(session).kind == .report)
  }
}

import JobModel
import JobStore
import OrderedJSON
import PostgresClient
import Testing

@Suite("Out of memory")
struct MemoryLessonTests {
  private func submit(
    _ bench: Bench, _ kind: String = "eval", model: String, gpu: Bool = false, through store: JobStore? = nil
  ) async throws -> JobID {
    var members: [JSON.Member] = [
      .init("kind", .string(kind)), .init("model", .string(model)), .init("output", "/o"),
      .init(kind == "score" ? "images" : "data", "/d"),
    ]
    if gpu { members.append(.init("resources", ["gpu": 1])) }
    return try await (store ?? bench.store).submit(
      SubmitRequest(spec: try JobSpec(.object(members))), by: bench.person
    ).id
  }

  /// The next task, once its backoff is over.
  private func next(_ bench: Bench, _ session: SessionID, free: FreeResources? = nil) async throws
    -> ClaimedTask
  {
    while true {
      _ = try await bench.store.tick()
      if let task = try await bench.claim(session, free: free).first { return task }
    }
  }

  private func runOut(_ bench: Bench, _ task: ClaimedTask) async throws {
    let reply = try await bench.store.fail(
      FailRequest(lease: task.lease, failure: .init(.outOfMemory, "4 GB short")))
    #expect(reply.outcome == .accepted)
  }

  @Test("what one task learns holds for the job's other tasks, and attempts that ran beside it teach no more")
  func siblings() async throws {
    let bench = try await Bench.make()
    _ = try await submit(bench, model: "/a")
    let session = try await bench.session()
    _ = try await bench.plan(try await bench.take(session), shards: 4)
    let beside = try await bench.claim(session, kinds: [.shard], limit: 3)
    #expect(beside.map(\.memoryFailures) == [0, 0, 0])
    for task in beside { try await runOut(bench, task) }
    var again: [ClaimedTask] = []
    while again.count < 4 { again.append(try await next(bench, session)) }
    #expect(again.map(\.memoryFailures) == [1, 1, 1, 1], "all three failed at the same size")
    // Half was too much as well.
    try await runOut(bench, again[3])
    #expect(try await next(bench, session).memoryFailures == 2)
  }

  @Test("a later job of the kind with the same model begins with what was learnt, others do not")
  func laterJobs() async throws {
    let bench = try await Bench.make()
    let session = try await bench.session()
    _ = try await submit(bench, model: "/a")
    let task = try await bench.take(session)
    try await runOut(bench, task)
    let again = try await next(bench, session)
    _ = try await bench.store.complete(CompleteRequest(lease: again.lease))
    _ = try await submit(bench, model: "/a")
    _ = try await submit(bench, model: "/b")
    _ = try await submit(bench, "score", model: "/a")
    var failures: [Int] = []
    for _ in 0..<3 { failures.append(try await next(bench, session).memoryFailures) }
    #expect(failures == [1, 0, 0])
    // After a month machines are others.
    _ = try await bench.store.pool.run { session in
      try session.execute("UPDATE memory_lessons SET learnt_at = learnt_at - interval '31 days'").affected
    }
    // Another coordinator: this one knows for some seconds what it knew before.
    _ = try await submit(bench, model: "/a", through: JobStore(pool: bench.store.pool))
    #expect(try await next(bench, session).memoryFailures == 0)
  }

  @Test("what is too much for a CPU says nothing about GPUs")
  func devices() async throws {
    let bench = try await Bench.make()
    let inventory = Inventory(
      cores: 8, memoryBytes: 1 << 34, devices: [.init(index: 0, name: "G", memoryBytes: 1 << 36)])
    let session = try await bench.session(inventory: inventory)
    _ = try await submit(bench, model: "/a")
    try await runOut(bench, try await bench.take(session))
    _ = try await bench.store.complete(CompleteRequest(lease: try await next(bench, session).lease))
    _ = try await submit(bench, model: "/a", gpu: true)
    let onGPU = try await next(bench, session, free: inventory.free)
    #expect(onGPU.spec.resources.gpus == 1 && onGPU.memoryFailures == 0)
  }
}

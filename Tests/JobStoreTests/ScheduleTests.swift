import JobModel
import JobStore
import OrderedJSON
import Testing

@Suite("Needs, dependencies, pauses and priorities")
struct ScheduleTests {
  private func submit(_ bench: Bench, _ more: [JSON.Member], by caller: Caller? = nil) async throws
    -> JobRecord
  {
    try await bench.store.submit(
      SubmitRequest(spec: try Bench.spec("eval", more)), by: caller ?? bench.person)
  }

  private static let gpus = Inventory(
    cores: 8, memoryBytes: 64_000_000_000,
    devices: [
      .init(index: 0, name: "small", memoryBytes: 24_000_000_000),
      .init(index: 1, name: "large", memoryBytes: 80_000_000_000),
    ], labels: ["site": "north"])

  @Test("tasks go only to workers that have what they need left, and share a GPU while they fit")
  func matching() async throws {
    let bench = try await Bench.make()
    let job = try await submit(
      bench, [.init("resources", ["gpu_memory": "30GB", "labels": ["site": "north"]])])
    let plain = try await bench.session("plain")
    // The plan needs the place only.
    #expect(try await bench.claim(plain, free: Inventory().free).isEmpty)
    let able = try await bench.session("able", inventory: Self.gpus)
    var free = Self.gpus.free
    let plan = try await bench.claim(able, free: free)
    #expect(plan.map(\.kind) == [.plan])
    #expect(try await bench.plan(plan[0], shards: 5) == .accepted)
    var devices: [[Int]] = []
    for _ in 0..<4 {
      let claimed = try await bench.claim(able, limit: 4, free: free)
      #expect(claimed.count <= 1)
      for task in claimed { devices.append(free.take(task.need) ?? [-1]) }
    }
    #expect(devices == [[1], [1]])
    #expect(try await bench.claim(able).isEmpty)
    let why = try await bench.store.explain(job.id, lab: bench.person.lab)
    #expect(why.position == 1)
  }

  @Test(
    "what no connected worker could ever give is refused with the reason; without workers it waits and says so"
  )
  func neverFits() async throws {
    let bench = try await Bench.make()
    let early = try await submit(bench, [.init("resources", ["gpu": 4])])
    #expect(
      try await bench.store.explain(early.id, lab: bench.person.lab).reasons == ["no worker is connected"])
    let session = try await bench.session(inventory: Self.gpus)
    await #expect {
      try await submit(bench, [.init("resources", ["gpu": 1, "gpu_memory": "141GB"])])
    } throws: { "\($0)".contains("its GPUs have 80GB at most") }
    await #expect {
      try await submit(bench, [.init("resources", ["labels": ["site": "south"]])])
    } throws: { "\($0)".contains("its label site is north") }
    let plan = try await bench.take(session)
    _ = try await bench.plan(plan, shards: 1)
    let why = try await bench.store.explain(early.id, lab: bench.person.lab)
    #expect(why.reasons[0].contains("it has 2 such GPUs"), "\(why)")
  }

  @Test("a job begins after those it depends on, and is cancelled with them")
  func dependencies() async throws {
    let bench = try await Bench.make()
    let lab = bench.person.lab
    let session = try await bench.session()
    func finish(_ job: JobID) async throws {
      let task = try await bench.take(session)
      #expect(task.job == job)
      _ = try await bench.store.complete(CompleteRequest(lease: task.lease))
    }
    let train = try await submit(bench, [])
    let eval = try await submit(bench, [.init("after", [.integer(Int(train.id))])])
    let score = try await submit(bench, [.init("after", [.integer(Int(train.id)), .integer(Int(eval.id))])])
    #expect(
      try await bench.store.explain(score.id, lab: lab).reasons
        == ["it waits for job \(train.id) (queued), job \(eval.id) (queued)"])
    try await finish(train.id)
    try await finish(eval.id)
    try await finish(score.id)
    #expect(try await bench.job(score.id).state == .succeeded)

    let first = try await submit(bench, [])
    let second = try await submit(bench, [.init("after", [.integer(Int(first.id))])])
    let third = try await submit(bench, [.init("after", .integer(Int(second.id)))])
    let task = try await bench.take(session)
    _ = try await bench.store.fail(FailRequest(lease: task.lease, failure: .init(.userError, "no model")))
    for id in [second.id, third.id] {
      let record = try await bench.job(id)
      #expect(record.state == .cancelled)
      #expect(record.failure?.message == "job \(first.id), which it waits for, failed")
    }
    await #expect { try await submit(bench, [.init("after", .integer(Int(first.id)))]) } throws: {
      "\($0)".contains("has failed, so nothing can follow it")
    }
    let stranger = try await Bench.caller(bench.store, lab: "welding", user: "eve")
    await #expect {
      try await submit(bench, [.init("after", .integer(Int(train.id)))], by: stranger)
    } throws: { "\($0)".contains("there is no job \(train.id) in this lab") }
    // Tried again in the same order, everything runs.
    _ = try await bench.store.retry(first.id, by: bench.person)
    _ = try await bench.store.retry(second.id, by: bench.person)
    try await finish(first.id)
    try await finish(second.id)
  }

  @Test("a paused job begins nothing more until it is resumed, and a new priority counts at once")
  func pausing() async throws {
    let bench = try await Bench.make()
    let first = try await submit(bench, [])
    let second = try await submit(bench, [])
    let session = try await bench.session()
    _ = try await bench.store.change(first.id, ChangeJobRequest(paused: true), by: bench.person)
    let why = try await bench.store.explain(first.id, lab: bench.person.lab)
    #expect(why.reasons == ["it is paused; 'ar1 resume \(first.id)' lets it go on"])
    _ = try await bench.store.tick()
    _ = try await bench.store.change(first.id, ChangeJobRequest(paused: false), by: bench.person)
    let changed = try await bench.store.change(second.id, ChangeJobRequest(priority: 7), by: bench.person)
    #expect(changed.spec.priority == 7)
    #expect(try await bench.claim(session, limit: 2).map(\.job) == [second.id, first.id])
    _ = try await bench.store.change(second.id, ChangeJobRequest(paused: true), by: bench.person)
    _ = try await bench.store.cancel(second.id, by: bench.person)
    await #expect(throws: StoreError.self) {
      try await bench.store.change(second.id, ChangeJobRequest(paused: false), by: bench.person)
    }
    let stranger = try await Bench.caller(bench.store, lab: "welding", user: "eve")
    await #expect(throws: StoreError.notFound("there is no job \(first.id) in this lab")) {
      try await bench.store.change(first.id, ChangeJobRequest(priority: 1), by: stranger)
    }
  }

  @Test("a job with a moment begins then, and not before")
  func moments() async throws {
    let bench = try await Bench.make()
    let later = try await submit(bench, [.init("at", "2090-01-01 00:00")])
    let past = try await submit(bench, [.init("at", "2020-01-01 00:00")])
    let session = try await bench.session()
    _ = try await bench.store.tick()
    #expect(try await bench.claim(session, limit: 5).map(\.job) == [past.id])
    let why = try await bench.store.explain(later.id, lab: bench.person.lab)
    #expect(why.reasons == ["it begins at 2090-01-01T00:00:00Z"])
    // Cancelled and tried again, it waits as before.
    _ = try await bench.store.cancel(later.id, by: bench.person)
    _ = try await bench.store.retry(later.id, by: bench.person)
    _ = try await bench.store.tick()
    #expect(try await bench.claim(session, limit: 5).isEmpty)
    #expect(try await bench.store.explain(later.id, lab: bench.person.lab).reasons == why.reasons)
  }

  @Test("labels find jobs, and a draining worker gets nothing")
  func labels() async throws {
    let bench = try await Bench.make()
    let night = try await submit(bench, [.init("labels", ["night": "yes", "line": "7"])])
    _ = try await submit(bench, [.init("labels", ["night": "no"])])
    let found = try await bench.store.jobs(lab: bench.person.lab, label: ("night", "yes"))
    #expect(found.jobs.map(\.id) == [night.id])
    let session = try await bench.session()
    let worker = try await bench.store.changeWorker(session, .init(draining: true), by: bench.person)
    #expect(worker.draining)
    #expect(try await bench.claim(session).isEmpty)
    _ = try await bench.store.changeWorker(session, .init(draining: false), by: bench.person)
    #expect(try await bench.claim(session).count == 1)
  }
}

import JobModel
import JobStore
import OrderedJSON
import PostgresClient
import Testing

@Suite("Rules that jobs carry")
struct JobRuleTests {
  private func submit(_ bench: Bench, _ kind: String = "eval", _ more: [JSON.Member]) async throws
    -> JobRecord
  {
    try await bench.store.submit(SubmitRequest(spec: try Bench.spec(kind, more)), by: bench.person)
  }

  private func change(_ bench: Bench, _ sql: StaticString, _ id: Int64) async throws {
    _ = try await bench.store.pool.run { session in try session.execute(sql, id).affected }
  }

  /// A scoring whose one shard holds these items.
  private func scoring(_ bench: Bench, _ session: SessionID, items: Range<Int>) async throws -> JobID {
    let job = try await submit(bench, "score", [])
    let plan = try await bench.take(session)
    let shard = NewTask(
      kind: .shard, stage: 1,
      payload: ["index": 0, "from": .integer(items.lowerBound), "to": .integer(items.upperBound)], ordinal: 0,
      progress: TaskProgress(done: 0, total: Double(items.count), unit: "images"))
    _ = try await bench.store.complete(CompleteRequest(lease: plan.lease, spawn: [shard]))
    return job.id
  }

  @Test(
    "a range with one item that breaks it is halved down to that item, which is taken out; the rest completes"
  )
  func poison() async throws {
    let bench = try await Bench.make()
    let session = try await bench.session()
    let job = try await scoring(bench, session, items: 0..<37)
    var done: Set<Int> = []
    var tries = 0
    while let task = try await bench.claim(session).first {
      tries += 1
      let items = try #require(ItemRange(task.payload)).items
      #expect(task.attempt == 1)
      if items.contains(23) {
        _ = try await bench.store.fail(
          FailRequest(lease: task.lease, failure: .init(.poisonInput, "its decoder crashed")))
      } else {
        #expect(done.isDisjoint(with: items))
        done.formUnion(items)
        _ = try await bench.store.complete(CompleteRequest(lease: task.lease))
      }
    }
    #expect(done == Set(0..<37).subtracting([23]))
    #expect(tries < 14)
    let detail = try await bench.store.detail(job, lab: bench.person.lab)
    #expect(detail.job.state == .succeeded && detail.job.tasks.failed == 0)
    #expect(
      detail.tasks.flatMap { QuarantinedItem.all(in: $0.result) }
        == [QuarantinedItem(item: 23, reason: "its decoder crashed")])
    #expect(detail.job.progress?.total == 37)
  }

  @Test("an item that kills its workers is found the same way, by their silence")
  func killer() async throws {
    let bench = try await Bench.make()
    let first = try await bench.session()
    let job = try await scoring(bench, first, items: 0..<2)
    var rounds = 0
    while try await !bench.job(job).state.isFinal {
      rounds += 1
      try #require(rounds < 30)
      let session = try await bench.session("w\(rounds)")
      let task = try await bench.take(session)
      if try #require(ItemRange(task.payload)).items.contains(1) {
        try await bench.silence(session)
        _ = try await bench.store.tick()
      } else {
        _ = try await bench.store.complete(CompleteRequest(lease: task.lease))
      }
    }
    let detail = try await bench.store.detail(job, lab: bench.person.lab)
    #expect(detail.job.state == .succeeded)
    #expect(detail.tasks.flatMap { QuarantinedItem.all(in: $0.result) }.map(\.item) == [1])
  }

  @Test("out of memory is tried again and says how often, so that less is done at once")
  func memory() async throws {
    let bench = try await Bench.make()
    _ = try await submit(bench, "eval", [])
    let session = try await bench.session()
    let first = try await bench.take(session)
    #expect(first.memoryFailures == 0)
    _ = try await bench.store.fail(
      FailRequest(lease: first.lease, failure: .init(.outOfMemory, "4 GB short")))
    var again: [ClaimedTask] = []
    while again.isEmpty {
      _ = try await bench.store.tick()
      again = try await bench.claim(session)
    }
    #expect(again[0].memoryFailures == 1 && again[0].attempt == 2)
  }

  @Test("no more tasks than allowed run at once, and why says so")
  func atOnce() async throws {
    let bench = try await Bench.make()
    let job = try await submit(bench, "eval", [.init("at_once", 2)])
    let session = try await bench.session()
    _ = try await bench.plan(try await bench.take(session), shards: 5)
    var begun = 0
    while true {
      let tasks = try await bench.claim(session, kinds: [.shard], limit: 8)
      #expect(tasks.count <= 2)
      if tasks.isEmpty { break }
      begun += tasks.count
      if begun == 2 {
        let why = try await bench.store.explain(job.id, lab: bench.person.lab)
        #expect(why.reasons[0].hasSuffix("(at_once)"), "\(why)")
      }
      for task in tasks { _ = try await bench.store.complete(CompleteRequest(lease: task.lease)) }
    }
    #expect(begun == 5)
  }

  @Test("a job past its deadline fails and says so; its late worker can write nothing")
  func deadline() async throws {
    let bench = try await Bench.make()
    let job = try await submit(bench, "eval", [.init("deadline", "1h")])
    let session = try await bench.session()
    let task = try await bench.take(session)
    _ = try await bench.store.tick()
    #expect(try await bench.job(job.id).state == .running)
    try await change(bench, "UPDATE jobs SET deadline_at = now() - interval '1 second' WHERE id = $1", job.id)
    _ = try await bench.store.tick()
    let record = try await bench.job(job.id)
    #expect(record.state == .failed && record.failure?.message == "it was not done by its deadline")
    #expect(try await bench.store.complete(CompleteRequest(lease: task.lease)).outcome == .stale)
    // Another try has all its time again.
    _ = try await bench.store.retry(job.id, by: bench.person)
    _ = try await bench.store.tick()
    #expect(try await bench.job(job.id).state == .queued)
  }

  @Test("a task that stands still is tried again, though its worker lives")
  func standstill() async throws {
    let bench = try await Bench.make()
    let job = try await submit(bench, "eval", [.init("stall_after", "10m")])
    let session = try await bench.session()
    let task = try await bench.take(session)
    let beat = HeartbeatRequest(
      session: session, leases: [.init(task.lease, progress: TaskProgress(done: 1, unit: "images"))])
    try await change(bench, "UPDATE tasks SET claimed_at = now() - interval '1 hour' WHERE id = $1", task.id)
    #expect(try await bench.store.heartbeat(beat).results.map(\.verdict) == [.renewed])
    _ = try await bench.store.tick()
    #expect(try await bench.job(job.id).tasks.running == 1)
    try await change(
      bench, "UPDATE task_details SET progress_at = now() - interval '11 minutes' WHERE task_id = $1", task.id
    )
    _ = try await bench.store.tick()
    #expect(try await bench.store.heartbeat(beat).results.map(\.verdict) == [.lost])
    let detail = try await bench.store.detail(job.id, lab: bench.person.lab)
    #expect(detail.tasks[0].failure?.message.contains("no progress for 600 s") == true)
  }

  @Test("one unfinished job per unique key and lab")
  func unique() async throws {
    let bench = try await Bench.make()
    let first = try await submit(bench, "eval", [.init("unique", "nightly")])
    await #expect {
      try await submit(bench, "eval", [.init("unique", "nightly")])
    } throws: { "\($0)".contains("job \(first.id) has the key 'nightly'") }
    let stranger = try await Bench.caller(bench.store, lab: "welding", user: "eve")
    _ = try await bench.store.submit(
      SubmitRequest(spec: try Bench.spec("eval", [.init("unique", "nightly")])), by: stranger)
    _ = try await bench.store.cancel(first.id, by: bench.person)
    let second = try await submit(bench, "eval", [.init("unique", "nightly")])
    await #expect(throws: StoreError.self) { try await bench.store.retry(first.id, by: bench.person) }
    _ = try await bench.store.cancel(second.id, by: bench.person)
    _ = try await bench.store.retry(first.id, by: bench.person)
  }

  @Test("a repeating job is submitted again when it has ended, once, until someone cancels it")
  func repeating() async throws {
    let bench = try await Bench.make()
    let lab = bench.person.lab
    let first = try await submit(bench, "eval", [.init("cron", "0 3 * * *")])
    let session = try await bench.session()
    _ = try await bench.store.tick()
    #expect(try await bench.claim(session).isEmpty)
    try await letBegin(bench, first.id)
    let task = try await bench.take(session)
    _ = try await bench.store.complete(CompleteRequest(lease: task.lease))
    for _ in 0..<3 { _ = try await bench.store.tick() }
    let jobs = try await bench.store.jobs(lab: lab).jobs
    #expect(jobs.count == 2 && jobs[0].state == .queued)
    let at = try #require(jobs[0].spec.at)
    #expect(at > jobs[0].createdAt && at <= jobs[0].createdAt + 86_400 && Int(at) % 86_400 == 10_800)
    _ = try await bench.store.cancel(jobs[0].id, by: bench.person)
    _ = try await bench.store.tick()
    #expect(try await bench.store.jobs(lab: lab).jobs.count == 2)
    #expect(try await ends(bench).map(\.message) == ["no other job follows: cancelled by ada"])
  }

  /// The ends of series in the lab's history, the newest first.
  private func ends(_ bench: Bench) async throws -> [EventRecord] {
    try await bench.store.events(EventFilter(lab: bench.person.lab, kind: "job-series-ended")).events
  }

  /// A repeating job whose moment has come.
  private func begun(_ bench: Bench) async throws -> JobID {
    let job = try await submit(bench, "eval", [.init("cron", "0 3 * * *")])
    try await letBegin(bench, job.id)
    return job.id
  }

  /// The job's moment has come.
  private func letBegin(_ bench: Bench, _ job: JobID) async throws {
    try await change(
      bench,
      """
      WITH due AS (UPDATE tasks SET not_before = now() - interval '1 second' WHERE job_id = $1)
      UPDATE jobs SET begins_at = now() - interval '1 second' WHERE id = $1
      """, job)
    _ = try await bench.store.tick()
  }

  @Test(
    "a repeating job is submitted no more once its user may not submit or its lab is closed, and its history says so",
    arguments: ["disabled", "viewer", "closed"])
  func endedSeries(how: String) async throws {
    let bench = try await Bench.make()
    let admin = try await Bench.caller(bench.store, lab: "operators", user: "root", role: .admin)
    let job = try await begun(bench)
    let task = try await bench.take(try await bench.session())
    if how == "closed" {
      _ = try await bench.store.changeLab(bench.person.lab, ChangeLabRequest(closed: true), by: admin)
    } else {
      let request =
        how == "viewer" ? ChangeUserRequest(role: .viewer) : ChangeUserRequest(disabled: true)
      _ = try await bench.store.changeUser(bench.person.user, request, by: admin)
    }
    // What was submitted runs to its end.
    _ = try await bench.store.complete(CompleteRequest(lease: task.lease))
    for _ in 0..<2 { _ = try await bench.store.tick() }
    #expect(try await bench.store.jobs(lab: bench.person.lab).jobs.map(\.id) == [job])
    let events = try await ends(bench)
    let why = how == "closed" ? "lab vision is closed" : "its user ada may submit no jobs any more"
    #expect(events.map(\.job) == [job] && events.first?.message == "no other job follows: \(why)")
  }

  @Test("a series goes on when its job is cancelled because one that it waits for failed")
  func cancelledWithAnother() async throws {
    let bench = try await Bench.make()
    let first = try await submit(bench, "eval", [])
    let nightly = try await submit(
      bench, "eval", [.init("cron", "0 3 * * *"), .init("after", .integer(Int(first.id)))])
    let task = try await bench.take(try await bench.session())
    _ = try await bench.store.fail(FailRequest(lease: task.lease, failure: .init(.userError, "no model")))
    #expect(try await bench.job(nightly.id).state == .cancelled)
    _ = try await bench.store.tick()
    let next = try #require(try await bench.store.jobs(lab: bench.person.lab).jobs.first)
    #expect(next.id > nightly.id && next.state == .queued && next.spec.cron == "0 3 * * *")
    #expect(try await ends(bench).isEmpty)
  }

  @Test(
    "a retry lets a series go on that had ended with the job, and begins no second one where it goes on already"
  )
  func retriedSeries() async throws {
    let bench = try await Bench.make()
    let lab = bench.person.lab
    let session = try await bench.session()
    let job = try await begun(bench)
    _ = try await bench.store.cancel(job, by: bench.person)
    _ = try await bench.store.retry(job, by: bench.person)
    let again = try await bench.take(session)
    _ = try await bench.store.fail(FailRequest(lease: again.lease, failure: .init(.userError, "no model")))
    _ = try await bench.store.tick()
    #expect(try await bench.store.jobs(lab: lab).jobs.count == 2)
    _ = try await bench.store.retry(job, by: bench.person)
    let last = try await bench.take(session)
    _ = try await bench.store.complete(CompleteRequest(lease: last.lease))
    _ = try await bench.store.tick()
    #expect(try await bench.store.jobs(lab: lab).jobs.count == 2)
  }
}

import JobModel
import JobStore
import Testing

@Suite("Paused labs")
struct LabPauseTests {
  private func pause(_ bench: Bench, _ paused: Bool, by caller: Caller) async throws {
    let lab = try await bench.store.changeLab(
      bench.person.lab, ChangeLabRequest(paused: paused, reason: "the budget is spent"), by: caller)
    #expect((lab.pausedAt != nil) == paused)
  }

  @Test("nothing of a paused lab is claimed, new jobs included, and all of it when it goes on")
  func alone() async throws {
    let bench = try await Bench.make()
    let owner = try await Bench.caller(bench.store, lab: "vision", user: "grace", role: .owner)
    let session = try await bench.session()
    let running = try await bench.submit()
    let held = try await bench.take(session)
    let waiting = try await bench.submit()
    try await pause(bench, true, by: owner)
    let later = try await bench.submit()
    _ = try await bench.store.tick()
    #expect(try await bench.claim(session, limit: 8).isEmpty)
    // What runs goes on to its end, and what follows from it waits.
    #expect(try await bench.plan(held, shards: 2) == .accepted)
    _ = try await bench.store.tick()
    #expect(try await bench.claim(session, limit: 8).isEmpty)
    for job in [running.id, waiting.id, later.id] {
      #expect(try await bench.job(job).pausedAt != nil)
      let why = try await bench.store.explain(job, lab: bench.person.lab).reasons.first ?? ""
      #expect(
        why.hasPrefix("its lab is paused") && why.contains("by grace: the budget is spent"), "\(why)")
    }
    // One that is paused itself stays so when its lab goes on.
    _ = try await bench.store.change(waiting.id, ChangeJobRequest(paused: true), by: bench.person)
    try await pause(bench, false, by: owner)
    let (stays, goesOn) = (try await bench.job(waiting.id), try await bench.job(later.id))
    #expect(stays.pausedAt != nil && goesOn.pausedAt == nil)
    #expect(
      try await bench.claim(session, limit: 8).map(\.job).sorted() == [running.id, running.id, later.id])
  }

  @Test("what was submitted while its lab was being paused waits with the others, and goes on with them")
  func meanwhile() async throws {
    let bench = try await Bench.make()
    let owner = try await Bench.caller(bench.store, lab: "vision", user: "grace", role: .owner)
    let session = try await bench.session()
    try await pause(bench, true, by: owner)
    let job = try await bench.submit()
    // As a submission leaves it that began before the pause was there to be seen.
    _ = try await bench.store.pool.run { session in
      try session.execute(
        """
        WITH task AS (UPDATE tasks SET state = 'ready', not_before = NULL WHERE job_id = $1 RETURNING id, job_id, kind)
        INSERT INTO ready (task_id, job_id, rank, kind) SELECT id, job_id, 0, kind FROM task
        """, job.id
      ).affected
    }
    _ = try await bench.store.tick()
    #expect(try await bench.claim(session, limit: 8).isEmpty)
    try await pause(bench, false, by: owner)
    #expect(try await bench.claim(session, limit: 8).map(\.job) == [job.id])
  }

  @Test("while labs compete the others go on, and a paused one gets no place")
  func besideOthers() async throws {
    let bench = try await Bench.make()
    let admin = try await Bench.caller(bench.store, lab: "operators", user: "root", role: .admin)
    let other = try await Bench.caller(bench.store, lab: "welding", user: "eve")
    let session = try await bench.session()
    let paused = try await bench.submit()
    let going = try await bench.store.submit(SubmitRequest(spec: try Bench.spec("eval")), by: other)
    _ = try await bench.store.tick()
    try await pause(bench, true, by: admin)
    for _ in 0..<2 { _ = try await bench.store.tick() }
    #expect(try await bench.claim(session, limit: 8).map(\.job) == [going.id])
    try await pause(bench, false, by: admin)
    _ = try await bench.store.tick()
    #expect(try await bench.claim(session, limit: 8).map(\.job) == [paused.id])
  }

  @Test("an owner pauses her own lab, closes none, and the audit log says who paused it and why")
  func rights() async throws {
    let bench = try await Bench.make()
    let owner = try await Bench.caller(bench.store, lab: "vision", user: "grace", role: .owner)
    let stranger = try await Bench.caller(bench.store, lab: "welding", user: "eve", role: .owner)
    await #expect {
      try await bench.store.changeLab(bench.person.lab, ChangeLabRequest(paused: true), by: stranger)
    } throws: { if case StoreError.notFound = $0 { true } else { false } }
    await #expect {
      try await bench.store.changeLab(bench.person.lab, ChangeLabRequest(closed: true), by: owner)
    } throws: { if case StoreError.forbidden = $0 { true } else { false } }
    try await pause(bench, true, by: owner)
    let events = try await bench.store.events(EventFilter(lab: bench.person.lab, kind: "lab-paused")).events
    #expect(events.map(\.user) == ["grace"])
    #expect(events.first?.message == "vision, by grace: the budget is spent")
  }
}

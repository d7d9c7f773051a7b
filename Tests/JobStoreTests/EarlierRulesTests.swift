import JobModel
import JobStore
import OrderedJSON
import PostgresClient
import Testing

@Suite("Jobs that came when other rules held")
struct EarlierRulesTests {
  private static let refusal = "shard_size: found 0; allowed is a whole number from 1 to 100000"

  /// Makes of a job one that today's rules refuse.
  private func age(_ bench: Bench, _ job: JobID) async throws {
    _ = try await bench.store.pool.run { session in
      try session.execute(
        "UPDATE jobs SET spec = jsonb_set(spec::jsonb, '{shard_size}', '0')::json WHERE id = $1", job
      ).affected
    }
  }

  @Test("one is listed, shown, explained, claimed and cancelled, and tried again only as what is allowed")
  func life() async throws {
    let bench = try await Bench.make()
    let lab = bench.person.lab
    let job = try await bench.submit("eval").id
    let other = try await bench.submit("score").id
    try await age(bench, job)
    #expect(throws: JobSpecError.self) { try Bench.spec("eval", [.init("shard_size", 0)]) }

    #expect(try await bench.store.jobs(lab: lab).jobs.map(\.id) == [other, job])
    let shown = try await bench.store.detail(job, lab: lab).job
    guard case .eval(let settings) = shown.spec.settings else {
      Issue.record("\(shown)")
      return
    }
    #expect(settings.shardSize == 0)
    // As a command reads it.
    #expect(try JSON(parsing: JSON(encoding: shown).serialized()).decode(JobRecord.self) == shown)
    let why = try await bench.store.explain(job, lab: lab).reasons
    #expect(why.count == 2 && why[1].hasSuffix("those of today refuse it: " + Self.refusal), "\(why)")

    let session = try await bench.session()
    let task = try await bench.take(session)
    #expect(task.job == job && task.spec == shown.spec)
    #expect(try JSON(parsing: JSON(encoding: task).serialized()).decode(ClaimedTask.self) == task)

    #expect(try await bench.store.cancel(job, by: bench.person).state == .cancelled)
    await #expect {
      try await bench.store.retry(job, by: bench.person)
    } throws: { error in
      guard case StoreError.conflict(let message) = error else { return false }
      return message.hasPrefix("job \(job) cannot be tried again: the job was submitted under other rules")
        && message.contains(Self.refusal) && message.contains("'ar1 clone \(job) --set key=value'")
    }
    #expect(try await bench.job(job).state == .cancelled)
  }

  @Test("no other job follows one that repeats, and its history says why")
  func series() async throws {
    let bench = try await Bench.make()
    let job = try await bench.submit("eval", with: [.init("cron", "* * * * *")]).id
    try await age(bench, job)
    _ = try await bench.store.pool.run { session in
      try session.execute(
        "UPDATE jobs SET state = 'succeeded', finished_at = now() WHERE id = $1", job
      ).affected
    }
    for _ in 0..<2 { _ = try await bench.store.tick() }
    let lab = bench.person.lab
    #expect(try await bench.store.jobs(lab: lab).jobs.map(\.id) == [job])
    let events = try await bench.store.events(EventFilter(lab: lab, kind: "job-series-ended")).events
    #expect(events.count == 1 && events[0].message.hasSuffix(Self.refusal), "\(events)")
  }
}

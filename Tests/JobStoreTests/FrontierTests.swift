import JobModel
import JobStore
import PostgresClient
import Testing

@Suite("Where claims begin to look")
struct FrontierTests {
  @Test("what becomes ready before the last claimed task is claimed next, whoever made it ready")
  func before() async throws {
    let bench = try await Bench.make()
    _ = try await bench.submit()
    let session = try await bench.session()
    _ = try await bench.plan(try await bench.take(session), shards: 20)
    let first = try await bench.claim(session, limit: 5)
    let urgent = try await bench.submit(priority: 7)
    #expect(try await bench.take(session).job == urgent.id)
    // A task given back has a place before those that were taken since.
    _ = try await bench.claim(session, limit: 5)
    _ = try await bench.store.release(ReleaseRequest(leases: [first[2].lease], reason: "test"))
    #expect(try await bench.take(session).id == first[2].id)
    // So has an old job that is let go on, and one whose priority rises.
    let late = try await bench.submit(priority: -5)
    _ = try await bench.claim(session, limit: 2)
    _ = try await bench.store.change(late.id, ChangeJobRequest(priority: 50), by: bench.person)
    #expect(try await bench.take(session).job == late.id)

    let elsewhere = JobStore(pool: ConnectionPool(address: bench.address, size: 1))
    let other = try await elsewhere.submit(
      SubmitRequest(spec: try Bench.spec("eval", priority: 9)), by: bench.person)
    var jobs: [JobID] = []
    while let task = try await bench.claim(session).first { jobs.append(task.job) }
    #expect(jobs.contains(other.id))
  }

  @Test("tasks that a worker passed over for want of room are there for one that has it")
  func passedOver() async throws {
    let bench = try await Bench.make()
    let needy = try await bench.submit("score", with: [.init("resources", ["cores": 4])])
    let plain = try await bench.submit()
    let small = try await bench.session("small", inventory: Inventory(cores: 2))
    let large = try await bench.session("large", inventory: Inventory(cores: 8))
    // Plans need no more than a slot; the shards ask for the cores.
    for task in try await bench.claim(small, limit: 2) { _ = try await bench.plan(task, shards: 3) }
    let free = Inventory(cores: 2).free
    let taken = try await bench.claim(small, limit: 2, free: free)
    #expect(taken.map(\.job) == [plain.id, plain.id])
    #expect(try await bench.claim(large, limit: 1, free: Inventory(cores: 8).free).first?.job == needy.id)
    #expect(try await bench.claim(small, limit: 1, free: free).first?.job == plain.id)
    #expect(try await bench.claim(large, limit: 1, free: Inventory(cores: 8).free).first?.job == needy.id)
  }
}

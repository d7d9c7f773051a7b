import JobModel
import JobStore
import OrderedJSON
import Testing

@Suite("Workers that compute on a GPU what asks for none")
struct OwnDeviceTests {
  private static let whole = ResourceRequest(gpus: 1)

  private func inventory(gpus: Int) -> Inventory {
    Inventory(
      cores: 8, memoryBytes: 1 << 36,
      devices: (0..<gpus).map { .init(index: $0, name: "H100", memoryBytes: 80 << 30) }, ownDevice: 0)
  }

  @Test("while its own GPU is another task's alone, a worker gets no task that asks for none")
  func taken() async throws {
    let bench = try await Bench.make()
    let inventory = inventory(gpus: 2)
    let session = try await bench.session(inventory: inventory)
    let plain = try await bench.submit("eval").id
    var free = inventory.free
    let both = [free.take(Self.whole), free.take(Self.whole)]
    #expect(both == [[1], [0]])
    #expect(try await bench.claim(session, limit: 4, free: free).isEmpty)
    free.give(Self.whole, devices: [1])
    #expect(try await bench.claim(session, limit: 4, free: free).isEmpty)
    free.give(Self.whole, devices: [0])
    #expect(try await bench.claim(session, limit: 4, free: free).map(\.job) == [plain])
  }

  @Test("a task for a GPU of its own goes to a worker whose own GPU is taken and that has another")
  func others() async throws {
    let bench = try await Bench.make()
    let inventory = inventory(gpus: 2)
    let session = try await bench.session(inventory: inventory)
    let needy = try await bench.submit("score", with: [.init("resources", ["gpu": 1])]).id
    #expect(try await bench.plan(bench.take(session), shards: 2) == .accepted)
    let plain = try await bench.submit("eval", priority: 9).id
    var free = inventory.free
    for _ in 0..<2 { _ = free.take(Self.whole) }
    free.give(Self.whole, devices: [1])
    let claimed = try await bench.claim(session, limit: 4, free: free)
    #expect(claimed.map(\.job) == [needy])
    #expect(try await bench.job(plain).tasks.ready == 1)
  }
}

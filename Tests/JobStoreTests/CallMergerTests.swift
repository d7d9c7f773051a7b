import JobStore
import Synchronization
import Testing

@Suite("Merged calls")
struct CallMergerTests {
  private struct Bad: Error {}
  private struct Down: Error {}

  /// What was run. A call of the item 0 waits until it is let on, so that others come meanwhile.
  private final class Runs: Sendable {
    private let state = Mutex<(batches: [[Int]], held: CheckedContinuation<Void, Never>?)>(([], nil))
    var batches: [[Int]] { state.withLock { $0.batches } }
    var isHolding: Bool { state.withLock { $0.held != nil } }

    func letOn() {
      state.withLock { state in
        defer { state.held = nil }
        return state.held
      }?.resume()
    }

    func run(_ items: [Int]) async throws -> [String] {
      if items == [0] {
        await withCheckedContinuation { continuation in state.withLock { $0.held = continuation } }
      }
      state.withLock { $0.batches.append(items) }
      if items.contains(13) { throw Bad() }
      if items.contains(7) { throw Down() }
      return items.map { "\($0)" }
    }

    /// The outcomes of calls that come while another one is under way, in their order.
    func outcomes(
      of calls: [[Int]], by merger: CallMerger<Int, String>, cancelling cancelled: Int? = nil
    ) async -> [Result<[String], any Error>] {
      let first = Task { try await merger([0], self.run) }
      while !isHolding { await Task.yield() }
      let others = calls.map { items in Task { try await merger(items, self.run) } }
      while merger.waiting < calls.count { await Task.yield() }
      if let cancelled { others[cancelled].cancel() }
      letOn()
      _ = await first.result
      var outcomes: [Result<[String], any Error>] = []
      for other in others { outcomes.append(await other.result) }
      return outcomes
    }
  }

  private static func merger(items: Int = 100) -> CallMerger<Int, String> {
    CallMerger(mostAtOnce: 1, patience: .seconds(60), most: items) { $0 is Bad }
  }

  @Test("calls that come while another is under way run as one, and each gets its own replies")
  func merged() async throws {
    let runs = Runs()
    let calls = (21...29).map { [$0, -$0] }
    let outcomes = await runs.outcomes(of: calls, by: Self.merger())
    #expect(try outcomes.map { try $0.get() } == calls.map { $0.map(String.init) })
    #expect(runs.batches.map(\.count) == [1, 18])
  }

  @Test("calls that wait for one that takes long go on without it")
  func heldUp() async throws {
    let runs = Runs()
    let merger = CallMerger<Int, String>(mostAtOnce: 2, patience: .milliseconds(1), most: 100) {
      $0 is Bad
    }
    let held = Task { try await merger([0], runs.run) }
    while !runs.isHolding { await Task.yield() }
    #expect(try await merger([1], runs.run) == ["1"])
    #expect(try await merger([2], runs.run) == ["2"])
    runs.letOn()
    #expect(try await held.value == ["0"])
  }

  @Test("callers whose calls ran together come together again: the first to call lets the others come")
  func again() async throws {
    let runs = Runs()
    let merger = Self.merger()
    let calls = (21...29).map { [$0] }
    _ = await runs.outcomes(of: calls, by: merger)
    #expect(runs.batches.map(\.count) == [1, 9])
    // Whether all of them are there in time is the scheduler's affair, so it is tried until they were.
    for _ in 0..<10_000 where runs.batches.last?.count == 1 || runs.batches.count == 2 {
      let again = calls.map { items in Task { try await merger(items, runs.run) } }
      for (items, call) in zip(calls, again) { #expect(try await call.value == items.map(String.init)) }
    }
    #expect(runs.batches.dropFirst(2).contains { $0.count > 1 })
  }

  @Test("who is cancelled takes nobody along: not those that go with the first caller")
  func cancelledFirst() async throws {
    let merger = Self.merger()
    for round in 0..<200 {
      let calls = (21...25).map { item in
        Task {
          try await merger([item]) { items in
            try Task.checkCancellation()
            return items.map { "\($0)" }
          }
        }
      }
      calls[round % 5].cancel()
      for (index, call) in calls.enumerated() where index != round % 5 {
        #expect(try await call.value == ["\(21 + index)"])
      }
      _ = await calls[round % 5].result
    }
  }

  @Test("one of the calls that go with the first is at fault, and the others get their replies")
  func faultBesideTheFirst() async throws {
    let runs = Runs()
    let merger = Self.merger()
    _ = await runs.outcomes(of: (21...29).map { [$0] }, by: merger)
    let calls = [11, 12, 13, 14].map { item in Task { try await merger([item], runs.run) } }
    for (item, call) in zip([11, 12, 13, 14], calls) {
      if item == 13 {
        await #expect(throws: Bad.self) { try await call.value }
      } else {
        #expect(try await call.value == ["\(item)"])
      }
    }
  }

  @Test("calls that weigh enough together run beside the one that is under way")
  func beside() async throws {
    let runs = Runs()
    let merger = CallMerger<Int, String>(
      mostAtOnce: 4, patience: .seconds(60), enough: 30, most: 100, weight: { $0 }
    ) { $0 is Bad }
    let held = Task { try await merger([0], runs.run) }
    while !runs.isHolding { await Task.yield() }
    let light = Task { try await merger([10], runs.run) }
    while merger.waiting < 1 { await Task.yield() }
    #expect(try await merger([20], runs.run) == ["20"])
    #expect(try await light.value == ["10"])
    #expect(runs.batches == [[10, 20]])
    runs.letOn()
    #expect(try await held.value == ["0"])
  }

  @Test("no more is merged than a call may hold, and one that holds more runs alone")
  func bounded() async throws {
    let runs = Runs()
    let calls = [[1, 1], [2, 2], [3, 3], Array(20..<28), [4, 4]]
    let outcomes = await runs.outcomes(of: calls, by: Self.merger(items: 5))
    #expect(try outcomes.map { try $0.get().count } == [2, 2, 2, 8, 2])
    #expect(runs.batches.allSatisfy { $0.count <= 5 || $0 == Array(20..<28) })
    #expect(runs.batches.count < 6)
  }

  @Test("a call that is cancelled while it waits does not run")
  func cancellation() async throws {
    let (runs, merger) = (Runs(), Self.merger())
    let outcomes = await runs.outcomes(of: [[1], [2], [3]], by: merger, cancelling: 1)
    #expect(try outcomes[0].get() == ["1"] && outcomes[2].get() == ["3"])
    #expect(throws: CancellationError.self) { try outcomes[1].get() }
    #expect(runs.batches.flatMap { $0 }.sorted() == [0, 1, 3])
  }

  @Test("the fault of one item costs only its own call; a database that is down costs all of them")
  func faults() async throws {
    let bad = await Runs().outcomes(of: [[1], [13], [2]], by: Self.merger())
    #expect(try bad[0].get() == ["1"] && bad[2].get() == ["2"])
    #expect(throws: Bad.self) { try bad[1].get() }
    for outcome in await Runs().outcomes(of: [[1], [7]], by: Self.merger()) {
      #expect(throws: Down.self) { try outcome.get() }
    }
  }
}

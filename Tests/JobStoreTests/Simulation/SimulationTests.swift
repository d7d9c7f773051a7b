import Testing

@Suite("The queue under lost, doubled and reordered messages", .timeLimit(.minutes(3)))
struct SimulationTests {
  @Test(
    "one commit per task, no way back from an end, every accepted job ends, and the books hold every attempt",
    arguments: [1, 2, 3, 4] as [UInt64])
  func random(seed: UInt64) async throws {
    var queue = try await SimulatedQueue(seed: seed, workers: 4)
    for _ in 0..<900 { try await queue.step() }
    try await queue.settle()
    #expect(queue.jobs.count >= 8 && queue.claims > 60, "the run is worth something: \(queue.claims) leases")
    for (task, epochs) in queue.commits {
      #expect(epochs.count == 1, "task \(task) was committed under the epochs \(epochs.sorted())")
    }
    #expect(try await queue.booked() == queue.claims)
    #expect(try await queue.booked() == queue.claims, "nothing is booked twice")
  }
}

import TaskExecutors
import Testing
import WorkerRuntime

@Suite struct HandoverTests {
  struct Failure: Error {}

  @Test func `everything given is taken in order, however little may wait`() async throws {
    let handover = Handover<Int>(capacity: 3)
    let giver = DedicatedThread(name: "giver")
    giver.start {
      for number in 0..<1000 where !handover.give(number, weight: number % 5) { return }
      handover.close()
    }
    let taken = try await DedicatedThread(name: "taker").run {
      var taken: [Int] = []
      while let next = handover.take(if: { _ in true }), let number = next { taken.append(number) }
      return taken
    }
    #expect(taken == Array(0..<1000))
    #expect(handover.closingFailure == nil)
  }

  @Test func `what is not wanted stays for the next to take`() {
    let handover = Handover<Int>(capacity: 10)
    #expect(handover.give(7, weight: 1))
    #expect(handover.take(if: { $0 > 7 }) == nil)
    #expect(handover.take(if: { $0 == 7 }) == 7)
  }

  @Test func `a giver whose taker has gone ends instead of waiting`() async throws {
    let handover = Handover<Int>(capacity: 1)
    #expect(handover.give(1, weight: 1))
    let giver = DedicatedThread(name: "giver")
    async let given = giver.run { handover.give(2, weight: 1) }
    handover.abandon()
    #expect(try await given == false)
    #expect(!handover.give(3, weight: 1))
  }

  @Test func `what ended the giving is known at the end`() throws {
    let handover = Handover<Int>(capacity: 1)
    handover.close(Failure())
    #expect(handover.take(if: { _ in true }) == .some(nil))
    #expect(handover.closingFailure is Failure)
  }
}

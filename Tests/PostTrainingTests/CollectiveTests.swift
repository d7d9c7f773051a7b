import Foundation
import PostTraining
import QwenVL
import Synchronization
import Tensors
import Testing

/// Learners that take their steps together, each on a thread of its own.
@Suite struct CollectiveTests {
  @Test("two processes take the step that one takes in twice as many passes, and both end with the same bits")
  func twoRanks() throws {
    let alone = try Fixture.learner(Fixture.settings(promptsPerPass: 4), training: .all)
    let metrics = try [alone.step(Fixture.groups()), alone.step(Fixture.groups())]
    let expected = Fixture.weights(alone.policy)

    let found = try Rendezvous.run(ranks: 2) { collective in
      let learner = try GRPOLearner(
        policy: Fixture.model(training: .all), reference: Fixture.model(seed: 2),
        settings: Fixture.settings(promptsPerPass: 4), collective: collective)
      let metrics = try [learner.step(Fixture.groups()), learner.step(Fixture.groups())]
      return (Fixture.weights(learner.policy), metrics.map(\.values))
    }
    #expect(found[0].0 == found[1].0, "every rank takes the same step")
    #expect(found[0].1 == found[1].1, "and measures the same")
    for (a, b) in zip(found[0].0, expected) { #expect(Fixture.distance(a, b) < 1e-4) }
    for step in 0..<2 {
      for name in ["loss", "kl", "entropy", "gradient_norm", "ratio/mean", "reward/mean", "sampler/gap"] {
        let (a, b) = (try #require(found[0].1[step][name]), try #require(metrics[step][name]))
        #expect(abs(a - b) <= 1e-4 * max(1, abs(b)), "\(name) of step \(step)")
      }
    }
  }

  @Test("ranks without a prompt of their own still take the step")
  func moreRanksThanPrompts() throws {
    let groups = 0..<2
    let alone = try Fixture.learner(training: .all)
    _ = try alone.step(Fixture.groups(groups))
    let found = try Rendezvous.run(ranks: 3) { collective in
      let learner = try GRPOLearner(
        policy: Fixture.model(training: .all), reference: Fixture.model(seed: 2),
        settings: Fixture.settings(),
        collective: collective)
      _ = try learner.step(Fixture.groups(groups))
      return Fixture.weights(learner.policy)
    }
    #expect(found[0] == found[1] && found[1] == found[2])
    for (a, b) in zip(found[0], Fixture.weights(alone.policy)) { #expect(Fixture.distance(a, b) < 1e-4) }
  }

  @Test("supervised examples are shared out alike")
  func supervised() throws {
    let alone = try SupervisionTests.trainer(examplesPerPass: 3)
    let loss = try alone.step(SupervisionTests.examples()).loss
    let schedule = alone.schedule
    let found = try Rendezvous.run(ranks: 2) { collective in
      let trainer = try SupervisedTrainer(
        policy: Fixture.model(training: .all), optimizer: AdamWSettings(beta2: 0.98, weightDecay: 0.01),
        schedule: schedule, collective: collective)
      return (try trainer.step(SupervisionTests.examples()).loss, Fixture.weights(trainer.policy))
    }
    #expect(abs(found[0].0 - loss) < 1e-5 && found[0].0 == found[1].0)
    #expect(found[0].1 == found[1].1)
  }

  @Test("a rank that cannot compute its share ends the step on all ranks, which keep their weights")
  func failure() throws {
    let found = try Rendezvous.run(ranks: 2) { collective in
      let learner = try GRPOLearner(
        policy: Fixture.model(training: .all), reference: Fixture.model(seed: 2),
        settings: Fixture.settings(),
        collective: collective)
      let before = Fixture.weights(learner.policy)
      // A token outside of the vocabulary, in the second half of the prompts.
      var groups = try Fixture.groups()
      groups[7] = TrainingGroup(
        ordinal: 7, prompt: groups[7].prompt, completions: [[40], [1]],
        samplerLogProbabilities: [[-1], [-1]],
        rewards: [0, 1])
      do {
        _ = try learner.step(groups)
        return "nothing was thrown"
      } catch {
        return Fixture.weights(learner.policy) == before ? "\(error)" : "the weights were changed"
      }
    }
    #expect(found[0].contains("rank 1"), "\(found[0])")
    #expect(found[1].contains("40"), "\(found[1])")
  }
}

/// Threads of one process as the ranks of a collective.
private final class Rendezvous: Collective, @unchecked Sendable {
  /// What the ranks share; its fields are touched under its condition alone.
  final class Meeting: @unchecked Sendable {
    private let condition = NSCondition()
    private let size: Int
    private var given: [Int: [Double]] = [:]
    private var taken: [[Double]] = []
    private var leaving = 0

    init(size: Int) { self.size = size }

    /// Every rank's numbers, once all have come.
    func exchange(_ values: [Double], rank: Int) -> [[Double]] {
      condition.lock()
      defer { condition.unlock() }
      while leaving > 0 { condition.wait() }
      given[rank] = values
      if given.count == size {
        taken = (0..<size).map { given[$0] ?? [] }
        given = [:]
        leaving = size
        condition.broadcast()
      } else {
        while leaving == 0 { condition.wait() }
      }
      let result = taken
      leaving -= 1
      if leaving == 0 { condition.broadcast() }
      return result
    }
  }

  let rank: Int
  let size: Int
  private let meeting: Meeting

  private init(rank: Int, size: Int, meeting: Meeting) {
    self.rank = rank
    self.size = size
    self.meeting = meeting
  }

  func sum(_ tensor: Tensor) {
    let all = meeting.exchange(tensor.values.map { Double($0) }, rank: rank)
    tensor.withUnsafeValues { values in
      for index in values.indices { values[index] = all.reduce(Float(0)) { $0 + Float($1[index]) } }
    }
  }

  func gather(_ values: [Double]) -> [[Double]] { meeting.exchange(values, rank: rank) }

  func broadcast(_ bytes: [UInt8]) -> [UInt8] {
    meeting.exchange(bytes.map { Double($0) }, rank: rank)[0].map { UInt8($0) }
  }

  /// Runs `body` once per rank at the same time and gives the results by rank.
  static func run<Result: Sendable>(
    ranks: Int, _ body: @escaping @Sendable (any Collective) throws -> Result
  ) throws -> [Result] {
    let meeting = Meeting(size: ranks)
    let results = Mutex<[Int: Swift.Result<Result, any Error>]>([:])
    let group = DispatchGroup()
    for rank in 0..<ranks {
      group.enter()
      let thread = Thread {
        let result = Swift.Result { try body(Rendezvous(rank: rank, size: ranks, meeting: meeting)) }
        results.withLock { $0[rank] = result }
        group.leave()
      }
      thread.stackSize = 16 << 20
      thread.start()
    }
    group.wait()
    return try (0..<ranks).map { rank in try results.withLock { $0[rank] }!.get() }
  }
}

import PostTraining
import Tensors
import Testing

@Suite struct ObjectiveTests {
  @Test(
    "loss and gradient of every reduction equal the reference's", arguments: GRPOObjective.Reduction.allCases)
  func golden(reduction: GRPOObjective.Reduction) throws {
    let objective = GRPOObjective(
      reduction: reduction, epsilonLow: 0.2, epsilonHigh: 0.28, beta: 0.04, maxLength: 8)
    let metrics = try expectGolden(objective, "grpo.\(reduction.rawValue)")
    #expect(metrics.clippedLow + metrics.clippedHigh > 0)
    #expect(metrics.meanWeight == 1 && metrics.limitedShare == 0)
  }

  @Test(
    "every departure from the paper's objective equals the reference's",
    arguments: [
      ("sequence", GRPOObjective(ratioLevel: .sequence, epsilonHigh: 0.28)),
      ("dual", GRPOObjective(epsilonHigh: 0.28, dualClip: 1.2)),
      ("k1", GRPOObjective(epsilonHigh: 0.28, divergence: .k1)),
      ("k2", GRPOObjective(epsilonHigh: 0.28, divergence: .k2)),
      ("abs", GRPOObjective(epsilonHigh: 0.28, divergence: .absolute)),
      (
        "truncate.token",
        GRPOObjective(epsilonHigh: 0.28, mismatch: MismatchCorrection(mode: .truncate, upper: 1.3))
      ),
      (
        "truncate.sequence",
        GRPOObjective(
          epsilonHigh: 0.28, mismatch: MismatchCorrection(mode: .truncate, level: .sequence, upper: 1.3))
      ),
      (
        "mask.token",
        GRPOObjective(epsilonHigh: 0.28, mismatch: MismatchCorrection(mode: .mask, lower: 0.6, upper: 1.5))
      ),
      (
        "mask.sequence",
        GRPOObjective(
          epsilonHigh: 0.28,
          mismatch: MismatchCorrection(mode: .mask, level: .sequence, lower: 0.6, upper: 1.5))
      ),
    ])
  func departures(name: String, objective: GRPOObjective) throws {
    let metrics = try expectGolden(objective, "variant.\(name)")
    if objective.mismatch != nil { #expect(metrics.limitedShare > 0 && metrics.meanWeight != 1) }
    if objective.dualClip != nil { #expect(metrics.clippedDual > 0) }
  }

  /// Compares loss and gradient of the four golden answers.
  private func expectGolden(_ objective: GRPOObjective, _ name: String) throws -> GRPOObjective.Metrics {
    let expected = try Fixture.expected()
    let lengths = try expected.integers(of: "grpo.lengths")
    let advantages = try expected.floats(of: "grpo.advantages")
    let old = try expected.floats(of: "grpo.old")
    let reference = try expected.floats(of: "grpo.reference")
    let sampler = try expected.floats(of: "grpo.sampler")
    var start = 0
    let answers = zip(lengths, advantages).map { length, advantage in
      let own = start..<start + length
      start += length
      return GRPOObjective.PackedAnswer(
        count: length, old: Array(old[own]), reference: Array(reference[own]), sampler: Array(sampler[own]),
        advantage: advantage)
    }
    let current = Tensor.parameter(try expected.floats(of: "grpo.current"), shape: [start])
    let (loss, metrics) = try objective.loss(current: current, answers: answers)
    loss.backward()
    #expect(abs(loss.item - (try expected.floats(of: "\(name).loss")[0])) < 1e-6)
    let gradient = try #require(current.gradient).values
    #expect(Fixture.distance(gradient, try expected.floats(of: "\(name).gradient")) < 1e-5)
    #expect(metrics.tokens == start)
    return metrics
  }

  @Test("a policy that equals its reference feels no pull under any estimate but k1's noise")
  func estimatesAtTheReference() throws {
    for estimate in DivergenceEstimate.allCases {
      let current = Tensor.parameter([-1, -0.5], shape: [2])
      let (loss, metrics) = try GRPOObjective(beta: 1, divergence: estimate).loss(
        current: current,
        answers: [GRPOObjective.PackedAnswer(count: 2, old: nil, reference: nil, advantage: 0)])
      loss.backward()
      #expect(loss.item == 0 && metrics.meanDivergence == 0)
      #expect(current.gradient?.values == (estimate == .k1 ? [0.5, 0.5] : [0, 0]), "\(estimate)")
    }
  }

  @Test("impossible settings, lengths that differ and numbers that are none are refused")
  func refusals() {
    let answer = GRPOObjective.PackedAnswer(count: 2, old: [-1], reference: nil, advantage: 1)
    let infinite = GRPOObjective.PackedAnswer(count: 2, old: nil, reference: nil, advantage: .infinity)
    let current = Tensor.parameter([-1, -2], shape: [2])
    #expect(throws: ObjectiveError.self) { try GRPOObjective().loss(current: current, answers: [answer]) }
    #expect(throws: ObjectiveError.self) { try GRPOObjective().loss(current: current, answers: [infinite]) }
    #expect(throws: ObjectiveError.self) { try GRPOObjective().loss(current: current, answers: []) }
    #expect(throws: ObjectiveError.self) { try GRPOObjective(epsilonLow: 1).validate() }
    #expect(throws: ObjectiveError.self) { try GRPOObjective(beta: -.infinity).validate() }
    #expect(throws: ObjectiveError.self) { try GRPOObjective(dualClip: 1).validate() }
    #expect(throws: ObjectiveError.self) {
      try GRPOObjective(mismatch: MismatchCorrection(lower: 2, upper: 3)).validate()
    }
  }
}

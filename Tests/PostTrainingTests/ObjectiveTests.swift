import PostTraining
import Tensors
import Testing

@Suite struct ObjectiveTests {
  @Test(
    "loss and gradient of every reduction equal the reference's", arguments: GRPOObjective.Reduction.allCases)
  func golden(reduction: GRPOObjective.Reduction) throws {
    let expected = try Fixture.expected()
    let lengths = try expected.integers(of: "grpo.lengths")
    let advantages = try expected.floats(of: "grpo.advantages")
    let old = try expected.floats(of: "grpo.old")
    let reference = try expected.floats(of: "grpo.reference")
    var start = 0
    let answers = zip(lengths, advantages).map { length, advantage in
      defer { start += length }
      return GRPOObjective.PackedAnswer(
        count: length, old: Array(old[start..<start + length]),
        reference: Array(reference[start..<start + length]), advantage: advantage)
    }
    let objective = GRPOObjective(
      reduction: reduction, epsilonLow: 0.2, epsilonHigh: 0.28, beta: 0.04, maxLength: 8)
    let current = Tensor.parameter(try expected.floats(of: "grpo.current"), shape: [start])
    let (loss, metrics) = try objective.loss(current: current, answers: answers)
    loss.backward()
    let name = "grpo.\(reduction.rawValue)"
    #expect(abs(loss.item - (try expected.floats(of: "\(name).loss")[0])) < 1e-6)
    let gradient = try #require(current.gradient).values
    #expect(Fixture.distance(gradient, try expected.floats(of: "\(name).gradient")) < 1e-5)
    #expect(metrics.tokens == start)
    #expect(metrics.clippedLow + metrics.clippedHigh > 0)
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
  }
}

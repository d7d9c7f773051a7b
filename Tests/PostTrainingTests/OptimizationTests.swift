import PostTraining
import Tensors
import Testing

@Suite struct OptimizationTests {
  @Test("AdamW with clipping and decay moves parameters as the reference does")
  func adamW() throws {
    let expected = try Fixture.expected()
    let matrix = Tensor.parameter(try expected.floats(of: "adamw.matrix.0"), shape: [3, 4])
    let vector = Tensor.parameter(try expected.floats(of: "adamw.vector.0"), shape: [4])
    let optimizer = AdamW(
      parameters: [("matrix", matrix), ("vector", vector)],
      settings: AdamWSettings(beta1: 0.9, beta2: 0.99, weightDecay: 0.1))
    let schedule = LearningRateSchedule(shape: .linear, peak: 1e-2, totalSteps: 10)
    for step in 1...5 {
      for (name, parameter) in [("matrix", matrix), ("vector", vector)] {
        // The gradient of Σ w x is w.
        weightedSum(parameter, weights: try expected.floats(of: "adamw.\(name).gradient.\(step)")).backward()
      }
      let norm = try optimizer.step(rate: schedule.rate(step: step - 1), maximumNorm: 1)
      #expect(abs(norm - Double(try expected.floats(of: "adamw.norm.\(step)")[0])) < 1e-5)
      #expect(Fixture.distance(matrix.values, try expected.floats(of: "adamw.matrix.\(step)")) < 1e-6)
      #expect(Fixture.distance(vector.values, try expected.floats(of: "adamw.vector.\(step)")) < 1e-6)
    }
  }

  @Test("a gradient that is not finite is refused and changes nothing")
  func infiniteGradient() throws {
    let parameter = Tensor.parameter([1, 2], shape: [2])
    let optimizer = AdamW(parameters: [("p", parameter)], settings: AdamWSettings())
    weightedSum(parameter, weights: [.infinity, 1]).backward()
    #expect(throws: TrainingError.self) { try optimizer.step(rate: 1, maximumNorm: 1) }
    #expect(parameter.values == [1, 2])
    #expect(optimizer.stepCount == 0)
  }

  @Test("schedules rise over the warm-up and fall to their floor")
  func schedules() {
    let linear = LearningRateSchedule(shape: .linear, peak: 1, totalSteps: 4)
    #expect((0...5).map(linear.rate) == [1, 0.75, 0.5, 0.25, 0, 0])
    let warm = LearningRateSchedule(shape: .constant, peak: 1, warmupSteps: 3, totalSteps: 4)
    #expect((0..<6).map(warm.rate) == [0.25, 0.5, 0.75, 1, 1, 1])
    let cosine = LearningRateSchedule(shape: .cosine, peak: 2, warmupSteps: 1, totalSteps: 5, floor: 0.5)
    let rates = (0..<7).map(cosine.rate)
    #expect(rates[1] == 2 && abs(rates[3] - 1.5) < 1e-12 && rates[5] == 1 && rates[6] == 1)
    #expect(throws: TrainingError.self) {
      try LearningRateSchedule(shape: .linear, peak: 1, warmupSteps: 9, totalSteps: 4).validate()
    }
  }
}

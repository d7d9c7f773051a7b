import PostTraining
import QwenVL
import Testing

@Suite struct SupervisionTests {
  static func examples() throws -> [SupervisedExample] {
    try (0..<6).map { index in
      SupervisedExample(prompt: try Fixture.prompt(index), reply: [10 + index % 5, 20, 21 + index % 5, 3])
    }
  }

  static func trainer(
    examplesPerPass: Int = .max, training: TrainedPart = .all, recomputesLayers: Bool = false,
    remembersPictures: Bool = false
  ) throws -> SupervisedTrainer {
    try SupervisedTrainer(
      policy: Fixture.model(training: training), optimizer: AdamWSettings(beta2: 0.98, weightDecay: 0.01),
      schedule: LearningRateSchedule(shape: .cosine, peak: 2e-2, warmupSteps: 5, totalSteps: 60),
      examplesPerPass: examplesPerPass, recomputesLayers: recomputesLayers,
      remembersPictures: remembersPictures)
  }

  @Test("a random model learns to say what it is shown, and tells the pictures apart")
  func learns() throws {
    let trainer = try Self.trainer()
    let examples = try Self.examples()
    let first = try trainer.evaluate(examples)
    for _ in 0..<60 { try trainer.step(examples) }
    let last = try trainer.evaluate(examples)
    #expect(first > 3)
    #expect(last < 0.25, "from \(first) to \(last)")
  }

  @Test("the split into passes does not change a step")
  func passes() throws {
    let whole = try Self.trainer()
    let split = try Self.trainer(examplesPerPass: 4)
    let a = try whole.step(Self.examples())
    let b = try split.step(Self.examples())
    #expect(abs(a.loss - b.loss) < 1e-5)
    #expect(abs(a.gradientNorm - b.gradientNorm) < 1e-4 * a.gradientNorm)
  }

  @Test("recomputed layers and remembered pictures give the same steps")
  func thrift() throws {
    let plain = try Self.trainer(training: .language)
    let thrifty = try Self.trainer(training: .language, recomputesLayers: true, remembersPictures: true)
    for _ in 0..<3 {
      let a = try plain.step(Self.examples())
      let b = try thrifty.step(Self.examples())
      #expect(abs(a.loss - b.loss) < 1e-5)
      #expect(abs(a.gradientNorm - b.gradientNorm) < 1e-4 * a.gradientNorm)
    }
  }

  @Test("a trainer stored after three steps and restored goes on bit by bit")
  func resumes() throws {
    let steady = try Self.trainer()
    for _ in 0..<3 { try steady.step(Self.examples()) }
    let stored = Dictionary(uniqueKeysWithValues: steady.stateTensors.map { ($0.name, $0.tensor.values) })
    let resumed = try Self.trainer()
    try resumed.restore(stepCount: steady.stepCount) { name, tensor in
      let values = try #require(stored[name])
      tensor.withUnsafeValues { target in
        for index in values.indices { target[index] = values[index] }
      }
    }
    for _ in 0..<2 {
      try steady.step(Self.examples())
      try resumed.step(Self.examples())
    }
    #expect(Fixture.weights(steady.policy) == Fixture.weights(resumed.policy))
  }
}

import PostTraining
import QwenVL
import Tensors
import Testing

/// Training of a low-rank adapter, with the weights beneath it as they are.
@Suite struct AdapterTrainingTests {
  /// The fixture's model with an embedding that can tell tokens apart: it is the head too, and stays as it is.
  private func base() throws -> QwenModel {
    let model = try Fixture.model()
    for (name, tensor) in model.parameters where name.hasSuffix("embed_tokens.weight") {
      tensor.scaleInPlace(by: 25)
    }
    return model
  }

  private func adapted(_ base: QwenModel) throws -> QwenModel {
    let adapter = try LoRAAdapter(for: base, settings: LoRASettings(rank: 4, alpha: 8), seed: 5)
    return base.adapted(by: adapter, training: true)
  }

  @Test("GRPO changes the adapter alone and measures its divergence from the model beneath it")
  func grpo() throws {
    let base = try base()
    let before = base.parameters.map { $0.tensor.values }
    let policy = try adapted(base)
    let learner = try GRPOLearner(
      policy: policy, reference: policy.unadapted(),
      settings: Fixture.settings(beta: 0.04, rate: 1e-2))
    let groups = try Fixture.groups()
    let first = try learner.step(groups)
    #expect(first["kl"] == 0)
    for _ in 0..<3 { _ = try learner.step(groups) }
    let last = try learner.step(groups)
    #expect((last["kl"] ?? 0) > 1e-6)
    for (values, parameter) in zip(before, base.parameters) {
      #expect(values == parameter.tensor.values, "\(parameter.name)")
    }
    let names = learner.policyTensors().map(\.name)
    #expect(names.count == 2 * 2 * 7)
    #expect(names.allSatisfy { $0.hasPrefix("base_model.model.model.language_model.layers.") })
  }

  @Test("an adapter learns to say what it is shown, with layers computed again or not")
  func supervised() throws {
    let model = try adapted(try base())
    let trainer = try SupervisedTrainer(
      policy: model, optimizer: AdamWSettings(),
      schedule: LearningRateSchedule(shape: .constant, peak: 2e-2, totalSteps: 80))
    let examples = try SupervisionTests.examples()
    let first = try trainer.evaluate(examples)
    for _ in 0..<80 { try trainer.step(examples) }
    let last = try trainer.evaluate(examples)
    #expect(last < 0.7 * first, "from \(first) to \(last)")
    // What was learnt is in the merged model too.
    let merged = try SupervisedTrainer(
      policy: model.merged().training(.language), optimizer: AdamWSettings(),
      schedule: LearningRateSchedule(shape: .constant, peak: 1, totalSteps: 1))
    #expect(abs(try merged.evaluate(examples) - last) < 1e-4)
  }

  @Test("layers that are computed again give the adapter the same gradients")
  func recomputation() throws {
    func gradients(_ recomputing: Bool) throws -> [[Float]] {
      let model = try adapted(try base())
      for (name, tensor) in model.trainedParameters where name.hasSuffix("lora_B.weight") {
        tensor.copyInPlace(
          from: Tensor((0..<tensor.count).map { Float($0 % 7) / 50 - 0.05 }, shape: tensor.shape))
      }
      sum(
        try model.packedLogProbabilities(
          batch: [PromptCompletions(prompt: try Fixture.prompt(1), completions: [[4, 9], [2]])],
          recomputingLayers: recomputing)
      ).backward()
      return model.trainedParameters.map { $0.tensor.gradient?.values ?? [] }
    }
    for (a, b) in zip(try gradients(false), try gradients(true)) { #expect(Fixture.distance(b, a) < 1e-5) }
  }
}

import FoundationEssentials
import PostTraining
import QwenVL
import Tensors
import Testing

/// Training of weights that are kept in bfloat16.
@Suite struct MasterWeightTests {
  /// The fixture's model from a bfloat16 folder, and the same values in float32.
  private func models(_ body: (_ compact: QwenModel, _ written: QwenModel) throws -> Void) throws {
    let files = FileManager.default
    let folder = files.temporaryDirectory.appending(path: "masters-\(UInt64.random(in: 0 ... .max))").path
    defer { try? files.removeItem(atPath: folder) }
    try Fixture.model().save(to: folder, dtype: .bfloat16)
    let compact = try QwenModel.load(folder: folder, dtype: .bfloat16, training: .all)
    #expect(compact.trainedParameters.contains { $0.tensor.dtype == .bfloat16 })
    try body(compact, try QwenModel.load(folder: folder, training: .all))
  }

  private func trainer(_ model: QwenModel, rate: Double) throws -> SupervisedTrainer {
    try SupervisedTrainer(
      policy: model, optimizer: AdamWSettings(),
      schedule: LearningRateSchedule(shape: .constant, peak: rate, totalSteps: 100))
  }

  private let examples: [SupervisedExample]

  init() throws {
    examples = [
      SupervisedExample(prompt: try Fixture.prompt(1), reply: [4, 9, 2]),
      SupervisedExample(prompt: try Fixture.prompt(2), reply: [11]),
    ]
  }

  @Test("the gradients are those of the same values in float32, up to the rounding of what they multiply")
  func gradients() throws {
    try models { compact, written in
      for model in [compact, written] {
        sum(
          try model.packedLogProbabilities(
            batch: examples.map { PromptCompletions(prompt: $0.prompt, completions: [$0.reply]) })
        ).backward()
      }
      for (a, b) in zip(compact.trainedParameters, written.trainedParameters) {
        let (own, other) = (try #require(a.tensor.gradient), try #require(b.tensor.gradient))
        #expect(own.dtype == .float32)
        #expect(Fixture.distance(own.values, other.values) < 1e-1, "\(a.name)")
      }
    }
  }

  @Test("steps too small for bfloat16 add up in the master copy, which the weights are rounded from")
  func smallSteps() throws {
    try models { compact, written in
      let before = compact.parameters.map { $0.tensor.values }
      let trainer = try trainer(compact, rate: 2e-6)
      try trainer.step(examples)
      let name = "model.language_model.layers.1.mlp.down_proj.weight"
      let index = try #require(compact.parameters.firstIndex { $0.name == name })
      let changed = zip(before[index], compact.parameters[index].tensor.values).count { $0 != $1 }
      // A step of 2e-6 is far below the distance of neighbouring numbers near 0.1.
      #expect(changed < before[index].count / 10)
      for _ in 0..<400 { try trainer.step(examples) }
      #expect(compact.parameters[index].tensor.values != before[index])
      for slot in trainer.optimizer.slots {
        let rounded = slot.master.copied()
        rounded.roundToBFloat16InPlace()
        #expect(slot.parameter.values == rounded.values, "\(slot.name)")
      }
      // As far as the same steps in float32 go, up to the rounding of what they are computed from.
      let exact = try self.trainer(written, rate: 2e-6)
      for _ in 0..<401 { try exact.step(examples) }
      let moved = zip(trainer.optimizer.slots[index].master.values, before[index]).map { $0 - $1 }
      let expected = zip(written.parameters[index].tensor.values, before[index]).map { $0 - $1 }
      #expect(Fixture.distance(moved, expected) < 0.25)
    }
  }

  @Test("a stored state continues bit by bit")
  func resuming() throws {
    try models { first, _ in
      let trainer = try trainer(first, rate: 1e-4)
      for _ in 0..<3 { try trainer.step(examples) }
      let state = Dictionary(
        uniqueKeysWithValues: trainer.optimizer.stateTensors.map { ($0.name, $0.tensor.values) })
      for _ in 0..<2 { try trainer.step(examples) }
      try models { second, _ in
        let other = try self.trainer(second, rate: 1e-4)
        try other.optimizer.restore(stepCount: 3) { name, tensor in
          tensor.copyInPlace(rounding: Tensor(try #require(state[name]), shape: tensor.shape))
        }
        for _ in 0..<2 { try other.step(examples) }
        for (a, b) in zip(trainer.optimizer.slots, other.optimizer.slots) {
          #expect(a.master.values == b.master.values && a.parameter.values == b.parameter.values, "\(a.name)")
        }
      }
    }
  }
}

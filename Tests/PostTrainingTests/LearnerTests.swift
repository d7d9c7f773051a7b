import PostTraining
import QwenVL
import Tensors
import Testing

@Suite struct LearnerTests {
  @Test("on policy every ratio is exactly 1 and the loss is the KL term minus the mean advantage")
  func onPolicy() throws {
    let learner = try Fixture.learner()
    for _ in 0..<2 {
      let metrics = try learner.step(Fixture.groups())
      #expect(metrics["ratio/min"] == 1 && metrics["ratio/max"] == 1 && metrics["ratio/mean"] == 1)
      #expect(metrics["ratio/clipped"] == 0)
      #expect(try #require(metrics["kl"]) > 0)
      #expect(try #require(metrics["gradient_norm"]) > 0)
    }
    #expect(learner.stepCount == 2)
  }

  @Test(
    "an inner iteration after the first is a step whose old policy is the one that entered, bit by bit",
    arguments: [1, 3, 8])
  func innerIterations(promptsPerPass: Int) throws {
    var settings = Fixture.settings(promptsPerPass: promptsPerPass)
    settings.schedule = LearningRateSchedule(shape: .constant, peak: 1e-2, totalSteps: 10)
    let single = try Fixture.learner(settings)
    settings.innerIterations = 2
    let double = try Fixture.learner(settings)
    let groups = try Fixture.groups()
    // Log-probabilities by pass: products of other sizes round differently.
    let entered = try stride(from: 0, to: 8, by: promptsPerPass).flatMap { start in
      let pass = groups[start..<min(start + promptsPerPass, 8)]
      let policy = double.policy.inference()
      return try policy.packedLogProbabilities(
        batch: pass.map {
          PromptCompletions(
            prompt: $0.prompt, completions: $0.completions,
            imageFeatures: try policy.encodeImages($0.prompt.images))
        }
      ).values
    }
    var taken = entered[...]
    let stale = groups.map { group in
      let samples = group.completions.map { ids in
        defer { taken = taken.dropFirst(ids.count) }
        return Array(taken.prefix(ids.count))
      }
      return TrainingGroup(
        ordinal: group.ordinal, prompt: group.prompt, completions: group.completions,
        samplerLogProbabilities: samples, rewards: group.rewards, isOnPolicy: false)
    }
    let metrics = try double.step(groups)
    let first = try single.step(groups)
    let second = try single.step(stale)
    #expect(double.stepCount == 1 && double.optimizer.stepCount == 2 && single.stepCount == 2)
    #expect(Fixture.weights(double.policy) == Fixture.weights(single.policy))
    #expect(metrics["gradient_norm"] == second["gradient_norm"])
    #expect(metrics["entropy"] == first["entropy"])
    #expect(try #require(metrics["ratio/max"]) > 1 && metrics["ratio/max"] == second["ratio/max"])
    let losses = [try #require(first["loss"]), try #require(second["loss"])]
    #expect(abs(try #require(metrics["loss"]) - (losses[0] + losses[1]) / 2) < 1e-6)
  }

  @Test("a learner of several inner iterations goes on from its state as if it had never stopped")
  func innerIterationsResumed() throws {
    var settings = Fixture.settings()
    settings.innerIterations = 3
    let steady = try Fixture.learner(settings)
    _ = try steady.step(Fixture.groups())
    let resumed = try Fixture.learner(settings)
    let state = Dictionary(uniqueKeysWithValues: steady.stateTensors.map { ($0.name, $0.tensor.values) })
    try resumed.restore(stepCount: steady.stepCount) { name, tensor in
      tensor.copyInPlace(from: Tensor(try #require(state[name]), shape: tensor.shape))
    }
    #expect(resumed.stepCount == 1 && resumed.optimizer.stepCount == 3)
    #expect(try steady.step(Fixture.groups()).values == resumed.step(Fixture.groups()).values)
    #expect(Fixture.weights(steady.policy) == Fixture.weights(resumed.policy))
  }

  @Test("equal rewards and beta 0 give exactly no gradient")
  func equalRewards() throws {
    let learner = try Fixture.learner(Fixture.settings(beta: 0))
    let before = Fixture.weights(learner.policy)
    let metrics = try learner.step(Fixture.groups { [Double](repeating: $0 % 2 == 0 ? 1 : 0, count: 4) })
    #expect(metrics["gradient_norm"] == 0)
    #expect(metrics["groups/zero_variance"] == 1)
    #expect(metrics["groups/all_right"] == 0.5 && metrics["groups/all_wrong"] == 0.5)
    #expect(Fixture.weights(learner.policy) == before)
  }

  @Test("a group is all right when its answers earned the most the reward gives, which may be more than 1")
  func allRight() throws {
    var settings = Fixture.settings(beta: 0)
    settings.bestReward = 2
    let metrics = try Fixture.learner(settings).step(
      Fixture.groups { [Double](repeating: $0 % 4 == 0 ? 2 : 1, count: 4) })
    #expect(metrics["groups/all_right"] == 0.25 && metrics["groups/zero_variance"] == 1)
  }

  @Test("equal rewards leave the KL term alone to act, and it draws the policy to the reference")
  func divergenceAlone() throws {
    let learner = try Fixture.learner(Fixture.settings(beta: 1, rate: 3e-3))
    let groups = try Fixture.groups { _ in [0.1, 0.1, 0.1, 0.1] }
    let first = try #require(learner.step(groups)["kl"])
    for _ in 0..<4 { _ = try learner.step(groups) }
    #expect(try #require(learner.step(groups)["kl"]) < first)

    let same = try GRPOLearner(
      policy: Fixture.model(training: .language), reference: Fixture.model(), settings: Fixture.settings())
    let metrics = try same.step(groups)
    #expect(metrics["kl"] == 0)
    #expect(try #require(metrics["gradient_norm"]) < 1e-6)
  }

  @Test(
    "one pass of eight prompts and eight passes of one give the same step",
    arguments: [GRPOObjective.Reduction.grpo, .dapo, .drGRPO])
  func accumulation(reduction: GRPOObjective.Reduction) throws {
    let groups = try Fixture.groups()
    let passes = [1, 3, 8]
    let learners = try passes.map {
      try Fixture.learner(Fixture.settings(reduction: reduction, promptsPerPass: $0), training: .all)
    }
    let metrics = try learners.map { try $0.step(groups) }
    let (loss, norm) = (try #require(metrics[0]["loss"]), try #require(metrics[0]["gradient_norm"]))
    for index in 1..<passes.count {
      #expect(abs(try #require(metrics[index]["loss"]) - loss) < 1e-5)
      #expect(abs(try #require(metrics[index]["gradient_norm"]) - norm) < 1e-4 * norm)
      // The first moment is (1 − β₁) times the gradient.
      for (a, b) in zip(learners[index].optimizer.slots, learners[0].optimizer.slots) {
        #expect(Fixture.distance(a.first.values, b.first.values) < 1e-3, "\(a.name)")
      }
    }
  }

  @Test("a step that recomputes its layers is the same bit by bit", arguments: [TrainedPart.language, .all])
  func recomputation(part: TrainedPart) throws {
    var settings = Fixture.settings()
    let kept = try Fixture.learner(settings, training: part)
    settings.recomputesLayers = true
    let again = try Fixture.learner(settings, training: part)
    for _ in 0..<2 {
      #expect(try kept.step(Fixture.groups()).values == again.step(Fixture.groups()).values)
    }
    #expect(Fixture.weights(kept.policy) == Fixture.weights(again.policy))
  }

  @Test("groups without enough variance are left out, counted, and change nothing of the others' step")
  func filteredGroups() throws {
    var settings = Fixture.settings(beta: 0)
    settings.minimumRewardDeviation = 0
    let filtered = try Fixture.learner(settings)
    let mixed = try Fixture.groups { $0 % 2 == 0 ? [1, 0.1, 0, 0.05] : [0.1, 0.1, 0.1, 0.1] }
    let metrics = try filtered.step(mixed)
    #expect(metrics["groups/dropped"] == 0.5 && metrics["groups/zero_variance"] == 0.5)
    let alone = try Fixture.learner(Fixture.settings(beta: 0))
    _ = try alone.step(mixed.filter { $0.rewards[0] == 1 })
    #expect(Fixture.weights(filtered.policy) == Fixture.weights(alone.policy))

    // Graded rewards that hardly differ.
    settings.minimumRewardDeviation = 0.1
    let none = try Fixture.learner(settings)
    let before = Fixture.weights(none.policy)
    let flat = try none.step(Fixture.groups { _ in [0.1, 0.05, 0.05, 0.1] })
    #expect(flat["groups/dropped"] == 1 && flat["groups/zero_variance"] == 0 && none.stepCount == 1)
    #expect(flat.values.values.allSatisfy { $0.isFinite })
    #expect(Fixture.weights(none.policy) == before)
  }

  @Test("a step raises the log-probability of the better answers")
  func learns() throws {
    let learner = try Fixture.learner(Fixture.settings(beta: 0, rate: 3e-3))
    let group = try Fixture.groups(0..<1) { _ in [1, 0, 0, 0] }
    let before = try learner.policy.logProbabilities(
      prompt: group[0].prompt, completions: group[0].completions
    ).map { $0.values.reduce(0, +) }
    _ = try learner.step(group)
    let after = try learner.policy.logProbabilities(
      prompt: group[0].prompt, completions: group[0].completions
    ).map { $0.values.reduce(0, +) }
    #expect(after[0] > before[0])
    #expect(zip(after, before).dropFirst().allSatisfy { $0 < $1 })
  }

  @Test("a correction weighs answers of older policies by what lies between them and the step")
  func correctsStaleness() throws {
    var settings = Fixture.settings(beta: 0)
    settings.objective.mismatch = MismatchCorrection(mode: .truncate, upper: 1.3)
    let stale = try Fixture.groups().map {
      TrainingGroup(
        ordinal: $0.ordinal, prompt: $0.prompt, completions: $0.completions,
        samplerLogProbabilities: $0.samplerLogProbabilities, rewards: $0.rewards, isOnPolicy: false)
    }
    let corrected = try Fixture.learner(settings).step(stale)
    #expect(corrected["mismatch/weight_mean"] != 1)
    // As with answers of the present policy, of which the same is known.
    let present = try Fixture.learner(settings).step(Fixture.groups())
    #expect(corrected["mismatch/weight_mean"] == present["mismatch/weight_mean"])
    let plain = try Fixture.learner(Fixture.settings(beta: 0)).step(stale)
    #expect(plain["mismatch/weight_mean"] == 1)
  }

  @Test("an answer that ends by itself at the last allowed token is not truncated")
  func truncated() throws {
    var settings = Fixture.settings()
    let groups = try Fixture.groups()
    settings.objective.maxLength = groups[0].completions[0].count
    let cut = groups.enumerated().map { index, group in
      TrainingGroup(
        ordinal: group.ordinal, prompt: group.prompt, completions: group.completions,
        samplerLogProbabilities: group.samplerLogProbabilities, rewards: group.rewards,
        truncated: index == 0 ? 1 : 0)
    }
    let answers = Double(groups.reduce(0) { $0 + $1.completions.count })
    #expect(try Fixture.learner(settings).step(groups)["completion/truncated"] == 0)
    #expect(try Fixture.learner(settings).step(cut)["completion/truncated"] == 1 / answers)
  }

  @Test("a group that cannot be used is named and leaves the policy as it was")
  func badGroups() throws {
    let learner = try Fixture.learner()
    let before = Fixture.weights(learner.policy)
    let good = try Fixture.groups()
    let g = good[3]
    func changed(
      completions: [[Int]]? = nil, sampler: [[Float]]? = nil, rewards: [Double]? = nil
    ) -> TrainingGroup {
      TrainingGroup(
        ordinal: 3, prompt: g.prompt, completions: completions ?? g.completions,
        samplerLogProbabilities: sampler ?? g.samplerLogProbabilities, rewards: rewards ?? g.rewards)
    }
    var short = g.samplerLogProbabilities
    short[1].removeLast()
    var infinite = g.samplerLogProbabilities
    infinite[0][0] = -.infinity
    for bad in [
      changed(rewards: [1, 0, 0]), changed(rewards: [1, 0, .nan, 0]), changed(sampler: short),
      changed(sampler: infinite), changed(completions: [[], [1], [2], [3]]),
    ] {
      let error = #expect(throws: TrainingError.self) { try learner.step(good[..<3] + [bad]) }
      #expect(try #require(error).description.contains("group 3"))
    }
    // A token outside the vocabulary shows in a later pass, when gradients are there already.
    var foreign = g.completions
    foreign[0][0] = 40
    let single = try Fixture.learner(Fixture.settings(promptsPerPass: 1))
    #expect(throws: ModelError.self) { try single.step(good[..<3] + [changed(completions: foreign)]) }
    #expect(throws: TrainingError.self) { try learner.step([]) }
    for learner in [learner, single] {
      #expect(Fixture.weights(learner.policy) == before)
      #expect(learner.stepCount == 0)
      #expect(learner.policy.trainedParameters.allSatisfy { $0.tensor.gradient == nil })
    }
  }

  @Test("models and settings that make no learner are refused")
  func badLearners() throws {
    let policy = try Fixture.model(training: .language)
    #expect(throws: TrainingError.self) {
      try GRPOLearner(policy: policy, reference: policy.inference(), settings: Fixture.settings())
    }
    #expect(throws: TrainingError.self) {
      try GRPOLearner(policy: policy, reference: nil, settings: Fixture.settings())
    }
    #expect(throws: TrainingError.self) {
      try GRPOLearner(policy: policy.inference(), reference: nil, settings: Fixture.settings(beta: 0))
    }
    #expect(throws: TrainingError.self) { try Fixture.learner(Fixture.settings(promptsPerPass: 0)) }
    #expect(throws: TrainingError.self) { try Fixture.learner(Fixture.settings(rate: -1)) }
  }

  @Test("features of a frozen vision tower change nothing")
  func frozenFeatures() throws {
    let groups = try Fixture.groups()
    let frozen = try Fixture.learner().step(groups)
    let trained = try Fixture.learner(training: .all).step(groups)
    #expect(abs(try #require(frozen["loss"]) - (try #require(trained["loss"]))) < 1e-6)
    #expect(abs(try #require(frozen["kl"]) - (try #require(trained["kl"]))) < 1e-6)
    #expect(try #require(frozen["gradient_norm"]) < (try #require(trained["gradient_norm"])))
  }
}

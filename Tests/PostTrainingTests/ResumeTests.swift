import Checkpoints
import FoundationEssentials
import PostTraining
import QwenVL
import Testing

@Suite struct ResumeTests {
  @Test("a learner restored from a checkpoint goes on byte by byte as the one that never stopped")
  func resume() throws {
    try withTemporaryFolder { folder in
      let checkpoints = CheckpointFolder(path: folder)
      let settings = Fixture.settings(promptsPerPass: 4, weightDecay: 0.01)
      let steady = try Fixture.learner(settings)
      for step in 0..<2 { _ = try steady.step(Fixture.groups(step * 8..<step * 8 + 8)) }
      let published = try checkpoints.publish(
        steady.stateTensors, kind: .state, step: steady.stepCount, epoch: 1, origin: ["run": "7"])

      let resumed = try Fixture.learner(settings)
      let stored = try Checkpoint(folder: published.folder, manifestSHA256: published.manifestSHA256)
      try resumed.restore(stepCount: stored.manifest.step) { try stored.load($0, into: $1) }
      for step in 2..<4 {
        let a = try steady.step(Fixture.groups(step * 8..<step * 8 + 8))
        let b = try resumed.step(Fixture.groups(step * 8..<step * 8 + 8))
        #expect(a.values == b.values)
      }
      #expect(Fixture.weights(steady.policy) == Fixture.weights(resumed.policy))
      for (a, b) in zip(steady.stateTensors, resumed.stateTensors) {
        #expect(a.tensor.values == b.tensor.values, "\(a.name)")
      }
    }
  }

  @Test("an inference model takes a published policy over in place")
  func policy() throws {
    try withTemporaryFolder { folder in
      let learner = try Fixture.learner()
      _ = try learner.step(Fixture.groups())
      let checkpoints = CheckpointFolder(path: folder)
      let trained = try checkpoints.publish(
        learner.policyTensors(), kind: .policy, step: 1, epoch: 1, origin: [:])
      let whole = try checkpoints.publish(
        learner.policyTensors(trainedOnly: false), kind: .policy, step: 1, epoch: 2, origin: [:])
      #expect(whole.bytes > trained.bytes)

      for published in [trained, whole] {
        // The base every worker loads; what is not trained is not in the smaller checkpoint.
        let worker = try Fixture.model()
        let stored = try Checkpoint(folder: published.folder, manifestSHA256: published.manifestSHA256)
        let names = Set(stored.names)
        for (name, tensor) in worker.parameters where names.contains(name) {
          try stored.load(name, into: tensor)
        }
        let prompt = try Fixture.prompt(0)
        #expect(try worker.logits(prompt).values == learner.policy.inference().logits(prompt).values)
      }
    }
  }

  private func withTemporaryFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.path + "/resume-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }
}

import Checkpoints
import FoundationEssentials
import Tensors
import Testing

/// Versions of a policy whose matrices are kept in bfloat16 and whose vectors are float32.
@Suite struct BFloat16Tests {
  private let folder = FileManager.default.temporaryDirectory.path + "/bfloat16-\(UUID().uuidString)"
  private var checkpoints: CheckpointFolder { CheckpointFolder(path: folder) }

  /// The weights of a step, of which most are the same as those of the step before once they are rounded.
  private func weights(_ step: Int) throws -> [(name: String, tensor: Tensor)] {
    var state: UInt64 = 1
    let values = (0..<3999).map { _ -> Float in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(state >> 40) / Float(1 << 24) - 0.5 + Float(step) * 1e-6
    }
    let file = folder + "-values"
    defer { try? FileManager.default.removeItem(atPath: file) }
    try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: true)
    try SafetensorsWriter.write(
      // An odd number of values: the bytes are no multiple of four.
      [("w", .bfloat16(Tensor(values, shape: [31, 129])))], to: file + "/model.safetensors")
    let matrix = try ShardedWeights(folder: file).weights(of: "w", as: .bfloat16).copied()
    return [("w", matrix), ("b", Tensor([Float(step), -0.0, 1e-8], shape: [3]))]
  }

  @Test("every version reads back bit by bit, and a difference is far smaller than the values")
  func chain() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var chain = CheckpointChain(folder: checkpoints)
    let published = try (1...5).map { step in
      try chain.publish(
        try weights(step), moments: step == 3 ? [("master/w", Tensor.zeros([31, 129]))] : [], step: step,
        epoch: 1, origin: [:])
    }
    #expect(published.map { $0.manifest.base == nil } == [true, false, true, false, false])
    #expect(published.allSatisfy { $0.manifest.format == 2 })
    #expect(published[0].manifest.plainBytes == 2 * 3999 + 12)
    let stored = published.map { $0.manifest.tensors[0].length }
    #expect(stored[1] < stored[0] / 8, "\(stored)")
    for held in [1, 2, 4] {
      for version in published {
        let checkpoint = try Checkpoint(folder: version.folder, manifestSHA256: version.manifestSHA256)
        try checkpoint.verify()
        for (target, expected) in zip(try weights(held), try weights(version.manifest.step)) {
          try checkpoint.load(target.name, into: target.tensor)
          #expect(
            target.tensor.hasSameBits(as: expected.tensor), "step \(version.manifest.step) over \(held)")
          #expect(try checkpoint.holds(expected.tensor, as: expected.name))
        }
      }
    }
    #expect(try !Checkpoint(folder: published[4].folder).holds(try weights(1)[1].tensor, as: "b"))
  }

  @Test("values of one form are not read into a tensor of another")
  func mismatch() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var chain = CheckpointChain(folder: checkpoints)
    let published = try chain.publish(try weights(1), step: 1, epoch: 1, origin: [:])
    let target = Tensor.zeros([31, 129])
    let error = #expect(throws: CheckpointError.self) {
      try Checkpoint(folder: published.folder).load("w", into: target)
    }
    #expect(error?.description.contains("is stored as bfloat16, the model keeps it as float32") == true)
    #expect(target.values.allSatisfy { $0 == 0 })
  }

  @Test("what holds float32 alone is written in the format that knows nothing else")
  func oldFormat() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let published = try checkpoints.publish(
      [("a", Tensor([1, 2], shape: [2]))], kind: .policy, step: 1, epoch: 1, origin: [:])
    #expect(published.manifest.format == 1)
    let text = String(
      decoding: try Data(contentsOf: URL(filePath: published.folder + "/manifest.json")), as: UTF8.self)
    #expect(!text.contains("\"type\""))
  }
}

import Checkpoints
import FoundationEssentials
import Tensors
import Testing

/// Versions published one after the other, as a learner does.
@Suite struct ChainTests {
  private let folder = FileManager.default.temporaryDirectory.path + "/chain-\(UUID().uuidString)"
  private var checkpoints: CheckpointFolder { CheckpointFolder(path: folder) }
  private func clean() { try? FileManager.default.removeItem(atPath: folder) }

  /// Weights without a pattern, of which a step with a small rate moves the low bits only.
  private static func weights(_ step: Int, rate: Float = 1e-7) -> [(name: String, tensor: Tensor)] {
    var state: UInt64 = 1
    let values = (0..<4000).map { _ -> Float in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let start = Float(state >> 40) / Float(1 << 24) - 0.5
      let slope = Float((state >> 20) & 0xFF) / 256 - 0.5
      return start + Float(step) * rate * slope
    }
    return [("w", Tensor(values, shape: [40, 100])), ("b", Tensor([Float(step), -0.0, .nan], shape: [3]))]
  }

  private static func bits(_ tensor: Tensor) -> [UInt32] { tensor.values.map(\.bitPattern) }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing was thrown"
    } catch {
      return "\(error)"
    }
  }

  @discardableResult
  private func publish(_ steps: ClosedRange<Int>, states: Set<Int> = [], rate: Float = 1e-7) throws
    -> [PublishedCheckpoint]
  {
    var chain = CheckpointChain(folder: checkpoints)
    return try steps.map { step in
      try chain.publish(
        Self.weights(step, rate: rate),
        moments: states.contains(step) ? [("moment1/w", Tensor.zeros([40, 100]))] : [], step: step, epoch: 1,
        origin: [:])
    }
  }

  @Test(
    "every version of a chain reads back bit by bit, from nothing, from the version before and from any other"
  )
  func roundTrip() throws {
    defer { clean() }
    let published = try publish(1...6)
    #expect(published.map { $0.manifest.base == nil } == [true, false, false, false, false, false])
    #expect(published[1].bytes < published[0].bytes / 2, "small steps make small differences")
    for held in [nil, 1, 2, 5, 6] {
      for version in published {
        let checkpoint = try Checkpoint(folder: version.folder, manifestSHA256: version.manifestSHA256)
        for (index, (name, tensor)) in Self.weights(version.manifest.step).enumerated() {
          let target = held.map { Self.weights($0)[index].tensor } ?? Tensor.zeros(tensor.shape)
          try checkpoint.load(name, into: target)
          #expect(
            Self.bits(target) == Self.bits(tensor), "step \(version.manifest.step), holding \(held ?? 0)")
        }
      }
    }
  }

  @Test("a state stands alone and is the anchor of what follows; moments are no part of a difference")
  func states() throws {
    defer { clean() }
    let published = try publish(1...5, states: [3])
    #expect(published.map { $0.manifest.base == nil } == [true, false, true, false, false])
    #expect(published.map(\.manifest.kind) == [.policy, .policy, .state, .policy, .policy])
    let last = try Checkpoint(folder: published[4].folder)
    #expect(last.chain == published[2...4].map(\.folder))
    #expect(last.names == ["w", "b"])
  }

  @Test("a chain takes no more room than two anchors and is never longer than its limit")
  func bounded() throws {
    defer { clean() }
    // Steps so large that a difference is hardly smaller than the weights.
    let rough = try publish(1...8, rate: 1)
    var room = 0
    var anchor = 0
    for version in rough {
      if version.manifest.base == nil { (anchor, room) = (version.bytes, 0) } else { room += version.bytes }
      // The size of the newest difference is a forecast, not a promise.
      #expect(Double(room) <= Double(anchor) * 1.3)
    }
    clean()
    let smooth = try publish(1...(CheckpointChain.longest + 3), rate: 0)
    let anchors = smooth.indices.filter { smooth[$0].manifest.base == nil }
    #expect(anchors == [0, CheckpointChain.longest + 1])
  }

  @Test("a missing, changed or exchanged link is noticed, named, and nothing is taken over")
  func damage() throws {
    defer { clean() }
    let published = try publish(1...3)
    let files = FileManager.default
    func load() throws -> Tensor {
      let target = Tensor.zeros([40, 100])
      defer { #expect(target.values.allSatisfy { $0 == 0 }) }
      try Checkpoint(folder: published[2].folder, manifestSHA256: published[2].manifestSHA256)
        .load("w", into: target)
      return target
    }
    let hidden = folder + "/hidden"
    try files.moveItem(atPath: published[1].folder, toPath: hidden)
    #expect(message { _ = try load() }.contains("is a difference to a version that cannot be read"))
    // Another version under the missing one's name.
    try files.copyItem(atPath: published[0].folder, toPath: published[1].folder)
    #expect(message { _ = try load() }.contains("announced was \(published[1].manifestSHA256)"))
    try files.removeItem(atPath: published[1].folder)
    try files.moveItem(atPath: hidden, toPath: published[1].folder)

    let payload = URL(filePath: published[1].folder + "/payload.zst")
    var bytes = try Data(contentsOf: payload)
    bytes[bytes.count / 2] ^= 4
    try bytes.write(to: payload)
    let damaged = message { try Checkpoint(folder: published[2].folder).verify() }
    #expect(damaged.contains("damaged") && damaged.contains("read through 3 links"))
  }

  @Test("the version before is found beside a folder whichever way the folder is named")
  func namedFolders() throws {
    defer { clean() }
    let published = try publish(1...3)
    for name in [published[2].folder + "/", published[2].folder + "//", published[2].folder + "/."] {
      let checkpoint = try Checkpoint(folder: name, manifestSHA256: published[2].manifestSHA256)
      try checkpoint.verify()
      #expect(checkpoint.chain.count == 3, "\(name)")
    }
  }

  @Test("a manifest whose base is not older, or has no codec to go with it, is refused")
  func lyingBase() throws {
    defer { clean() }
    let published = try publish(1...2)
    let manifest = URL(filePath: published[1].folder + "/manifest.json")
    let words = String(decoding: try Data(contentsOf: manifest), as: UTF8.self)
    let base = String(published[0].folder.split(separator: "/").last ?? "")
    let own = String(published[1].folder.split(separator: "/").last ?? "")
    for (truth, lie) in [
      (base, own), (base, "../../etc"), ("zstd-planes4-xor", "zstd-planes4"), ("zstd-planes4-xor", "lz4"),
    ] {
      let text = words.replacing(truth, with: lie)
      #expect(text != words)
      try Data(text.utf8).write(to: manifest)
      #expect(throws: CheckpointError.self, "\(lie)") { _ = try Checkpoint(folder: published[1].folder) }
    }
  }

  @Test("garbage collection keeps the links that later versions are built on")
  func garbage() throws {
    defer { clean() }
    try publish(1...6, states: [3])
    #expect(checkpoints.removeCheckpoints(.policy, below: 5).map(\.step) == [2, 1])
    #expect(checkpoints.removeCheckpoints(.state, below: 5).isEmpty, "4 to 6 build on the state of step 3")
    for name in checkpoints.checkpoints(.policy) {
      try Checkpoint(folder: checkpoints.path(of: name)).verify()
    }
    #expect(checkpoints.checkpoints(.policy).map(\.step) == [4, 5, 6])
  }
}

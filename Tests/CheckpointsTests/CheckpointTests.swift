import Checkpoints
import FoundationEssentials
import Tensors
import Testing

@Suite struct CheckpointTests {
  private let folder = FileManager.default.temporaryDirectory.path + "/checkpoints-\(UUID().uuidString)"
  private var checkpoints: CheckpointFolder { CheckpointFolder(path: folder) }

  /// Weights-like values, and the bit patterns a careless copy would lose.
  private static func tensors(_ seed: Int = 0) -> [(name: String, tensor: Tensor)] {
    let odd: [Float] = [
      0, -0.0, .infinity, -.infinity, Float(bitPattern: 0x7FC0_1234), .leastNonzeroMagnitude,
    ]
    let weights = (0..<700).map { Float(($0 + seed) * 7919 % 1009 - 504) / 30_000 }
    return [
      ("a.weight", Tensor(weights, shape: [7, 100])), ("b", Tensor(odd, shape: [6])),
      ("c", Tensor(Float(seed))),
    ]
  }

  @discardableResult
  private func publish(
    _ seed: Int = 0, step: Int = 3, epoch: Int = 1, _ kind: CheckpointManifest.Kind = .policy
  )
    throws -> PublishedCheckpoint
  {
    try checkpoints.publish(Self.tensors(seed), kind: kind, step: step, epoch: epoch, origin: ["run": "9"])
  }

  private func clean() { try? FileManager.default.removeItem(atPath: folder) }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing was thrown"
    } catch {
      return "\(error)"
    }
  }

  @Test("what is published is read back bit by bit")
  func roundTrip() throws {
    defer { clean() }
    let published = try publish()
    let checkpoint = try Checkpoint(folder: published.folder, manifestSHA256: published.manifestSHA256)
    #expect(checkpoint.names == ["a.weight", "b", "c"])
    #expect(checkpoint.manifest.step == 3 && checkpoint.manifest.origin == ["run": "9"])
    try checkpoint.verify()
    for (name, tensor) in Self.tensors() {
      let copy = Tensor.zeros(tensor.shape)
      try checkpoint.load(name, into: copy)
      #expect(copy.values.map(\.bitPattern) == tensor.values.map(\.bitPattern))
    }
    let files = try FileManager.default.contentsOfDirectory(atPath: published.folder)
    let bytes = files.compactMap { name in
      try? FileManager.default.attributesOfItem(atPath: "\(published.folder)/\(name)")[.size] as? Int
    }
    #expect(bytes.reduce(0, +) == published.bytes)
  }

  @Test("the folder's name carries kind, step, the lease epoch and the manifest's hash")
  func names() throws {
    defer { clean() }
    let published = try publish(step: 12, epoch: 34, .state)
    let name = try #require(CheckpointName(String(published.folder.split(separator: "/").last ?? "")))
    #expect(name.description == "state-000012-e34-" + published.manifestSHA256.prefix(16))
    #expect(checkpoints.checkpoints(.state) == [name])
    #expect(checkpoints.path(of: name) == published.folder)
    for text in [
      ".draft-e1.policy-1.3", "policy-1-e1-0123456789abcdef", "policy-000001-1-0123456789abcdef", "x",
      "policy-000001-e1-../../../../etc/", "policy-000001-e1-0123456789ABCDEF",
    ] {
      #expect(CheckpointName(text) == nil)
    }
  }

  @Test("publishing the same bytes again gives the same checkpoint")
  func twice() throws {
    defer { clean() }
    #expect(try publish() == publish())
    #expect(checkpoints.checkpoints(.policy).count == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 1)
  }

  @Test("a torn payload, a torn manifest and a changed byte are noticed and named, and nothing is taken over")
  func damage() throws {
    defer { clean() }
    let published = try publish()
    let payload = published.folder + "/payload.zst"
    let manifest = published.folder + "/manifest.json"
    let whole = try Data(contentsOf: URL(filePath: payload))
    let words = try Data(contentsOf: URL(filePath: manifest))
    func open() throws -> Checkpoint {
      try Checkpoint(folder: published.folder, manifestSHA256: published.manifestSHA256)
    }

    try whole.dropLast().write(to: URL(filePath: payload))
    let torn = message { _ = try open() }
    #expect(torn.contains("payload.zst has \(whole.count - 1) bytes") && torn.contains("torn"))

    // Every byte counts, wherever in the payload it lies.
    for position in stride(from: 0, to: whole.count, by: 37) {
      var changed = whole
      changed[position] ^= 0x10
      try changed.write(to: URL(filePath: payload))
      #expect(throws: CheckpointError.self, "byte \(position)") { try open().verify() }
    }
    var changed = whole
    changed[40] ^= 0x10
    try changed.write(to: URL(filePath: payload))
    let tensor = Tensor.zeros([7, 100])
    let damaged = message { try open().load("a.weight", into: tensor) }
    #expect(damaged.contains("a.weight is damaged"))
    #expect(tensor.values.allSatisfy { $0 == 0 })
    try whole.write(to: URL(filePath: payload))

    try words.dropLast(5).write(to: URL(filePath: manifest))
    #expect(message { _ = try open() }.contains("announced was \(published.manifestSHA256)"))
    #expect(message { _ = try Checkpoint(folder: published.folder) }.contains("not a checkpoint manifest"))
    #expect(
      message { _ = try Checkpoint(folder: published.folder) }.hasSuffix(
        "it is no JSON; it is torn or was changed"))
    try Data("{}".utf8).write(to: URL(filePath: manifest))
    #expect(message { _ = try Checkpoint(folder: published.folder) }.hasSuffix("it has no 'format'"))
    try words.write(to: URL(filePath: manifest))
    try FileManager.default.removeItem(atPath: payload)
    #expect(message { _ = try open() }.contains("cannot open \(payload)"))
  }

  @Test("a manifest that lies about offsets, lengths or shapes is refused")
  func lyingManifest() throws {
    defer { clean() }
    let published = try publish()
    let manifest = URL(filePath: published.folder + "/manifest.json")
    let words = String(decoding: try Data(contentsOf: manifest), as: UTF8.self)
    for (truth, lie) in [
      ("\"shape\":[7,100]", "\"shape\":[7,101]"), ("\"shape\":[6]", "\"shape\":[4611686018427387904,4]"),
      ("\"shape\":[6]", "\"shape\":[-6]"), ("\"offset\":0", "\"offset\":-1"),
      ("\"length\":", "\"length\":9"), ("\"format\":1", "\"format\":3"), ("\"name\":\"b\"", "\"name\":\"c\""),
      ("\"payloadBytes\":", "\"payloadBytes\":-"),
    ] {
      let text = words.replacing(truth, with: lie)
      #expect(text != words)
      try Data(text.utf8).write(to: manifest)
      #expect(throws: CheckpointError.self, "\(lie)") { try Checkpoint(folder: published.folder).verify() }
    }
  }

  @Test("a frame that states more than it can hold is refused before memory is taken for it")
  func lyingFrame() throws {
    defer { clean() }
    let count = 1 << 42
    let place = folder + "/policy-000001-e1-0123456789abcdef"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    // The magic number, a size in eight bytes, and an empty last block.
    let size = withUnsafeBytes(of: UInt64(4 * count).littleEndian) { Array($0) }
    let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xE0] + size + [1, 0, 0]
    try Data(frame).write(to: URL(filePath: place + "/payload.zst"))
    let manifest = """
      {"codec":"zstd-planes4","format":1,"kind":"policy","origin":{},"payloadBytes":\(frame.count),"step":1,"tensors":\
      [{"length":\(frame.count),"name":"w","offset":0,"sha256":"","shape":[\(count)]}]}
      """
    try Data(manifest.utf8).write(to: URL(filePath: place + "/manifest.json"))
    let refusal = message { try Checkpoint(folder: place).verify() }
    #expect(refusal.contains("w") && refusal.contains("cannot hold"), "\(refusal)")
  }

  @Test("values that are all zero, which shrink most, are read back")
  func zeros() throws {
    defer { clean() }
    let published = try checkpoints.publish(
      [("w", Tensor.zeros([1 << 21]))], kind: .policy, step: 1, epoch: 1, origin: [:])
    try Checkpoint(folder: published.folder).verify()
  }

  @Test("a tensor that is missing or has another shape is named")
  func wrongRequests() throws {
    defer { clean() }
    let checkpoint = try Checkpoint(folder: publish().folder)
    #expect(message { try checkpoint.load("d", into: Tensor.zeros([1])) }.contains("no tensor d"))
    let shape = message { try checkpoint.load("b", into: Tensor.zeros([7])) }
    #expect(shape.contains("[6]") && shape.contains("[7]"))
    #expect(message { _ = try Checkpoint(folder: folder + "/none") }.contains("cannot open"))
  }

  @Test("an unfinished draft is ignored, and the next lease's writer removes it")
  func drafts() throws {
    defer { clean() }
    try publish(step: 1, epoch: 1)
    // What a writer killed before the rename leaves behind.
    for draft in ["/.draft-e1.policy-2.99", "/.draft-e7.policy-2.98"] {
      try FileManager.default.createDirectory(atPath: folder + draft, withIntermediateDirectories: true)
      try Data([1, 2, 3]).write(to: URL(filePath: folder + draft + "/payload.zst"))
    }
    #expect(checkpoints.checkpoints(.policy).map(\.step) == [1])
    try publish(step: 2, epoch: 2)
    let left = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix(".") }
    #expect(left == [".draft-e7.policy-2.98"], "a writer does not touch the drafts of later leases")
  }

  @Test("two tensors of one name, and a folder that cannot be written, are refused without leftovers")
  func failedPublishing() throws {
    defer { clean() }
    let tensor = Tensor(Float(1))
    #expect(
      message {
        _ = try checkpoints.publish(
          [("x", tensor), ("x", tensor)], kind: .policy, step: 0, epoch: 0, origin: [:])
      }.contains("two tensors named x"))
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data().write(to: URL(filePath: folder + "/file"))
    let blocked = CheckpointFolder(path: folder + "/file/below")
    #expect(
      message { _ = try blocked.publish([("x", tensor)], kind: .policy, step: 0, epoch: 0, origin: [:]) }
        .contains("cannot make the folder"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
  }

  @Test("garbage collection keeps later steps, those asked for, every m-th and other kinds")
  func garbage() throws {
    defer { clean() }
    for step in 0..<8 { try publish(step, step: step, epoch: 1) }
    try publish(99, step: 2, epoch: 2)
    try publish(step: 0, .state)
    #expect(checkpoints.removeCheckpoints(.policy, below: 6, keeping: [2], every: 4).count == 3)
    #expect(checkpoints.checkpoints(.policy).map(\.step) == [0, 2, 2, 4, 6, 7])
    #expect(checkpoints.checkpoints(.state).map(\.step) == [0])
    #expect(checkpoints.removeCheckpoints(.policy, below: 6, keeping: [2], every: 4).isEmpty)
    for name in checkpoints.checkpoints(.policy) {
      try Checkpoint(folder: checkpoints.path(of: name)).verify()
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).allSatisfy { !$0.hasPrefix(".") })
  }
}

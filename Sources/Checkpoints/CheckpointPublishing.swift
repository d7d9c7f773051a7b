internal import FoundationEssentials
public import Tensors

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Musl
#endif

/// A tensor under the name it is stored by.
public struct NamedTensor {
  public let name: String
  public let tensor: Tensor

  public init(name: String, tensor: Tensor) {
    self.name = name
    self.tensor = tensor
  }
}

/// The folder a run's checkpoints lie in, one sub-folder each.
///
/// A checkpoint appears whole or not at all: it is written under a temporary name, flushed, renamed to a name that
/// carries the writer's lease epoch and the manifest's hash, and the parent folder is flushed. Readers open only what
/// the ledger has announced, so a writer whose lease was lost leaves at most an unannounced folder.
public struct CheckpointFolder: Sendable {
  public let path: String

  public init(path: String) {
    self.path = path
  }

  /// Publishes `tensors` as one checkpoint.
  ///
  /// - Parameters:
  ///   - step: optimizer steps taken so far.
  ///   - epoch: the writer's lease epoch.
  ///   - origin: where it comes from; stored in the manifest.
  ///   - level: zstd's effort; 1 loses two percent of size against 3 and is several times faster.
  /// - Throws: `CheckpointError` naming the file that could not be written.
  public func publish(
    _ tensors: [NamedTensor], kind: CheckpointManifest.Kind, step: Int, epoch: Int, origin: [String: String],
    level: Int32 = 1
  ) throws -> PublishedCheckpoint {
    var entries: [CheckpointManifest.Entry] = []
    var frames: [[UInt8]] = []
    var offset = 0
    for named in tensors {
      let (frame, hash) = try named.tensor.withUnsafeValues { values in
        let raw = UnsafeRawBufferPointer(values)
        return (
          try BytePlanes.split(raw).withUnsafeBytes { try Zstandard.compress($0, level: level) },
          Digest.sha256(raw)
        )
      }
      entries.append(
        .init(name: named.name, shape: named.tensor.shape, offset: offset, length: frame.count, sha256: hash))
      offset += frame.count
      frames.append(frame)
    }
    let manifest = CheckpointManifest(
      format: CheckpointManifest.currentFormat, kind: kind, step: step,
      codec: CheckpointManifest.currentCodec,
      payloadBytes: offset, tensors: entries, origin: origin)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let manifestBytes = [UInt8](try encoder.encode(manifest))
    let hash = Digest.sha256(manifestBytes)
    let digits = String(step)
    let padded = String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    let name = "\(kind.rawValue)-\(padded)-e\(epoch)-\(hash.prefix(16))"
    let final = path + "/" + name
    let published = PublishedCheckpoint(
      folder: final, manifestSHA256: hash, bytes: offset + manifestBytes.count)

    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    if FileManager.default.fileExists(atPath: final + "/manifest.json") { return published }
    let draft = path + "/." + name + ".\(getpid()).tmp"
    try? FileManager.default.removeItem(atPath: draft)
    try FileManager.default.createDirectory(atPath: draft, withIntermediateDirectories: false)
    try DurableFiles.write(frames, to: draft + "/payload.zst")
    try DurableFiles.write([manifestBytes], to: draft + "/manifest.json")
    try DurableFiles.flushFolder(draft)
    guard rename(draft, final) == 0 else {
      let failure = DurableFiles.failure("rename \(draft) to", final)
      try? FileManager.default.removeItem(atPath: draft)
      // Another process of the same epoch published the same bytes first: that is the same checkpoint.
      if FileManager.default.fileExists(atPath: final + "/manifest.json") { return published }
      throw failure
    }
    try DurableFiles.flushFolder(path)
    return published
  }

  /// Removes every checkpoint of `kind` below `step` except those in `keeping`; drafts of dead writers go too.
  ///
  /// - Returns: the number of checkpoints removed.
  @discardableResult
  public func removeCheckpoints(_ kind: CheckpointManifest.Kind, below step: Int, keeping: Set<Int> = [])
    -> Int
  {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    var removed = 0
    for name in names {
      let parts = name.split(separator: "-")
      guard parts.count == 4, parts[0] == kind.rawValue, let number = Int(parts[1]) else { continue }
      guard number < step, !keeping.contains(number) else { continue }
      if (try? FileManager.default.removeItem(atPath: path + "/" + name)) != nil { removed += 1 }
    }
    return removed
  }
}

internal import Digests
internal import FoundationEssentials
public import Tensors

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Musl
#endif

extension CheckpointFolder {
  /// Publishes `tensors` as one checkpoint. Publishing the same bytes again gives the same checkpoint.
  ///
  /// - Parameters:
  ///   - tensors: under the names they are stored by, such as `QwenModel.parameters`.
  ///   - step: optimizer steps taken so far.
  ///   - epoch: the writer's lease epoch; drafts of earlier epochs in this folder are removed.
  ///   - origin: where it comes from; stored in the manifest.
  ///   - level: zstd's effort; on weights 1 is as small as 3 and several times faster.
  ///   - differingFrom: publishes the difference from this version, whose values are given by tensor name;
  ///     nil publishes the values themselves.
  ///   - onValues: called with every tensor's bytes when they are written.
  ///   - beforeAppearing: called when the draft is whole and has not got its name yet.
  /// - Throws: `CheckpointError` naming the file that could not be written, `CUDAError` where a GPU that holds the tensors
  ///   has failed; nothing is left of the draft.
  public func publish(
    _ tensors: [(name: String, tensor: Tensor)], kind: CheckpointManifest.Kind, step: Int, epoch: Int,
    origin: [String: String], level: Int32 = 1,
    differingFrom base: (version: CheckpointManifest.Base, values: [String: [UInt8]])? = nil,
    onValues: (_ name: String, UnsafeRawBufferPointer) -> Void = { _, _ in },
    beforeAppearing: () -> Void = {}
  ) throws -> PublishedCheckpoint {
    if let repeated = Dictionary(grouping: tensors, by: \.name).first(where: { $0.value.count > 1 }) {
      throw CheckpointError("a checkpoint cannot hold two tensors named \(repeated.key)")
    }
    let files = FileManager.default
    try DurableFiles.makeFolder(path)
    removeDrafts(before: epoch)
    let draft = "\(path)/\(Draft.name(epoch: epoch, process: getpid(), step: step, kind: kind))"
    try? files.removeItem(atPath: draft)
    guard mkdir(draft, 0o755) == 0 else { throw DurableFiles.failure("create the folder", draft) }
    var published = false
    defer { if !published { try? files.removeItem(atPath: draft) } }

    let (entries, payloadBytes) = try Self.writePayload(
      tensors, to: draft + "/payload.zst", level: level, base: base?.values, onValues: onValues)
    let manifest = CheckpointManifest(
      format: entries.allSatisfy { $0.type == .float32 } ? 1 : 2, kind: kind, step: step,
      codec: base == nil ? .planes : .difference, base: base?.version, payloadBytes: payloadBytes,
      tensors: entries, origin: origin)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let manifestBytes = [UInt8](try encoder.encode(manifest))
    try DurableFiles.write(manifestBytes, to: draft + "/manifest.json")
    try DurableFiles.flushFolder(draft)

    let hash = SHA256.digest(of: manifestBytes).hexadecimal
    let final = path(of: CheckpointName(kind: kind, step: step, epoch: epoch, manifestSHA256: hash))
    let result = PublishedCheckpoint(
      folder: final, manifestSHA256: hash, bytes: payloadBytes + manifestBytes.count, manifest: manifest)
    beforeAppearing()
    guard rename(draft, final) == 0 else {
      let failure = DurableFiles.failure("rename \(draft) to", final)
      // The same bytes were published before: that is the same checkpoint.
      guard files.fileExists(atPath: final + "/manifest.json") else { throw failure }
      return result
    }
    published = true
    try DurableFiles.flushFolder(path)
    return result
  }

  /// Puts a damaged checkpoint that stands alone in its place again, if these tensors give the one that was announced.
  ///
  /// - Parameter manifestSHA256: what was announced.
  /// - Returns: whether they do; if not, the damaged one stays.
  public func replace(
    _ name: CheckpointName, manifestSHA256: String, with tensors: [(name: String, tensor: Tensor)],
    origin: [String: String]
  ) throws -> Bool {
    let files = FileManager.default
    let aside = CheckpointFolder(path: "\(path)/\(Draft.prefix)\(name.epoch).again-\(name)")
    defer { try? files.removeItem(atPath: aside.path) }
    let again = try aside.publish(
      tensors, kind: name.kind, step: name.step, epoch: name.epoch, origin: origin)
    guard again.manifestSHA256 == manifestSHA256 else { return false }
    _ = remove([name])
    guard rename(again.folder, path(of: name)) == 0 else {
      throw DurableFiles.failure("rename \(again.folder) to", path(of: name))
    }
    try DurableFiles.flushFolder(path)
    return true
  }

  /// Writes one tensor's frame after another, so that no more than one is in memory.
  private static func writePayload(
    _ tensors: [(name: String, tensor: Tensor)], to path: String, level: Int32, base: [String: [UInt8]]?,
    onValues: (_ name: String, UnsafeRawBufferPointer) -> Void
  ) throws -> (entries: [CheckpointManifest.Entry], bytes: Int) {
    let file = try DurableFiles.Writer(path)
    var entries: [CheckpointManifest.Entry] = []
    var offset = 0
    for (name, tensor) in tensors {
      guard let type = CheckpointManifest.ValueType(tensor.dtype) else {
        throw CheckpointError("\(name) is kept as \(tensor.dtype.rawValue), which a checkpoint does not hold")
      }
      let (frame, hash) = try tensor.withReadBytes { raw in
        onValues(name, raw)
        let planes: [UInt8]
        if let base {
          guard let values = base[name], values.count == raw.count else {
            throw CheckpointError("\(name) cannot be stored as a difference: the base has no such tensor")
          }
          var difference = values
          difference.withUnsafeMutableBytes { BytePlanes.combine($0, with: raw) }
          planes = difference.withUnsafeBytes { BytePlanes.split($0, width: type.width) }
        } else {
          planes = BytePlanes.split(raw, width: type.width)
        }
        return (
          try planes.withUnsafeBytes { try Zstandard.compress($0, level: level) },
          SHA256.digest(of: raw).hexadecimal
        )
      }
      try file.write(frame)
      entries.append(
        .init(name: name, shape: tensor.shape, type: type, offset: offset, length: frame.count, sha256: hash))
      offset += frame.count
    }
    try file.finish()
    return (entries, offset)
  }
}

extension CheckpointManifest.ValueType {
  /// nil for a form that only weights that are never trained have.
  init?(_ dtype: DType) {
    switch dtype {
    case .float32: self = .float32
    case .bfloat16: self = .bfloat16
    case .int8: return nil
    }
  }
}

internal import FoundationEssentials
public import Tensors

/// A published checkpoint opened for reading.
///
/// Opening verifies the manifest against the hash that the ledger announced; every tensor is verified against
/// its own hash when it is read.
public struct Checkpoint: Sendable {
  public let folder: String
  public let manifest: CheckpointManifest
  private let positions: [String: Int]

  private static let manifestLimit = 64 << 20

  /// Opens `folder`.
  ///
  /// - Parameter manifestSHA256: what the ledger announced; nil when a person names the folder.
  public init(folder: String, manifestSHA256: String? = nil) throws {
    let path = folder + "/manifest.json"
    let bytes = try DurableFiles.readAll(path, limit: Self.manifestLimit)
    if let expected = manifestSHA256 {
      let found = Digest.sha256(bytes)
      guard found == expected else {
        throw CheckpointError(
          "\(path) has SHA-256 \(found), announced was \(expected): the file is torn or was changed")
      }
    }
    do {
      manifest = try JSONDecoder().decode(CheckpointManifest.self, from: Data(bytes))
    } catch {
      throw CheckpointError("\(path) is not a checkpoint manifest: \(error)")
    }
    guard manifest.format == CheckpointManifest.currentFormat,
      manifest.codec == CheckpointManifest.currentCodec
    else {
      throw CheckpointError(
        "\(path) has format \(manifest.format) with codec \(manifest.codec); this program reads format "
          + "\(CheckpointManifest.currentFormat) with \(CheckpointManifest.currentCodec)")
    }
    var positions: [String: Int] = [:]
    for (index, entry) in manifest.tensors.enumerated() {
      let fits =
        manifest.payloadBytes >= 0 && entry.offset >= 0 && entry.length >= 0
        && entry.offset <= manifest.payloadBytes - entry.length && entry.shape.allSatisfy { $0 > 0 }
      guard fits, positions.updateValue(index, forKey: entry.name) == nil else {
        throw CheckpointError("\(path): the entry of \(entry.name) is inconsistent")
      }
    }
    let payload = folder + "/payload.zst"
    let size = try DurableFiles.size(of: payload)
    guard size == manifest.payloadBytes else {
      throw CheckpointError(
        "\(payload) has \(size) bytes, its manifest says \(manifest.payloadBytes): the file is torn")
    }
    self.folder = folder
    self.positions = positions
  }

  /// The names of the stored tensors, in file order.
  public var names: [String] { manifest.tensors.map(\.name) }

  /// Reads every tensor and compares it with its hash.
  ///
  /// - Throws: `CheckpointError` for the first tensor that is damaged.
  public func verify() throws {
    for entry in manifest.tensors { _ = try words(of: entry) }
  }

  /// Reads the values of `name` into `tensor`, in place, and verifies them before they are taken over.
  ///
  /// - Throws: `CheckpointError` when there is no such tensor, its shape is another or the payload is
  ///   damaged; `tensor` is then as it was.
  public func load(_ name: String, into tensor: Tensor) throws {
    guard let index = positions[name] else {
      throw CheckpointError("\(folder) holds no tensor \(name)")
    }
    let entry = manifest.tensors[index]
    guard entry.shape == tensor.shape else {
      throw CheckpointError("\(folder): \(name) has shape \(entry.shape), the model wants \(tensor.shape)")
    }
    let words = try words(of: entry)
    tensor.withUnsafeValues { UnsafeMutableRawBufferPointer($0).copyBytes(from: words) }
  }

  /// The verified little-endian values of a tensor.
  private func words(of entry: CheckpointManifest.Entry) throws -> [UInt8] {
    let frame = try DurableFiles.read(folder + "/payload.zst", offset: entry.offset, count: entry.length)
    let (bytes, tooLarge) = entry.shape.reduce((4, false)) { size, dimension in
      let (product, overflow) = size.0.multipliedReportingOverflow(by: dimension)
      return (product, size.1 || overflow)
    }
    do {
      // The frame itself says how much it holds, so that a lying shape allocates nothing.
      guard !tooLarge, try frame.withUnsafeBytes({ try Zstandard.contentSize($0) }) == bytes else {
        throw CheckpointError("its frame does not hold the shape \(entry.shape)")
      }
      let planes = try [UInt8](unsafeUninitializedCapacity: bytes) { buffer, count in
        try frame.withUnsafeBytes {
          try Zstandard.decompress($0, into: UnsafeMutableRawBufferPointer(buffer))
        }
        count = bytes
      }
      let words = [UInt8](unsafeUninitializedCapacity: bytes) { buffer, count in
        planes.withUnsafeBytes { BytePlanes.join($0, into: UnsafeMutableRawBufferPointer(buffer)) }
        count = bytes
      }
      let found = Digest.sha256(words)
      guard found == entry.sha256 else {
        throw CheckpointError("its SHA-256 is \(found) instead of \(entry.sha256)")
      }
      return words
    } catch let error as CheckpointError {
      throw CheckpointError("\(folder): the payload of \(entry.name) is damaged: \(error)")
    }
  }
}

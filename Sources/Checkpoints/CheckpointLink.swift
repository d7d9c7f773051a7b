internal import Digests
internal import FoundationEssentials

/// One folder of a chain: its manifest, verified, and its payload as stored.
struct CheckpointLink: Sendable {
  let folder: String
  let manifest: CheckpointManifest
  let manifestSHA256: String
  private let positions: [String: Int]

  private static let manifestLimit = 64 << 20

  init(folder: String, manifestSHA256: String?) throws {
    let path = folder + "/manifest.json"
    let bytes = try DurableFiles.readAll(path, limit: Self.manifestLimit)
    let found = SHA256.digest(of: bytes).hexadecimal
    self.manifestSHA256 = found
    if let expected = manifestSHA256 {
      guard found == expected else {
        throw CheckpointError(
          "\(path) has SHA-256 \(found), announced was \(expected): the file is torn or was changed")
      }
    }
    do {
      manifest = try JSONDecoder().decode(CheckpointManifest.self, from: Data(bytes))
    } catch {
      throw CheckpointError("\(path) is not a checkpoint manifest: \(Self.words(error))")
    }
    let known = CheckpointManifest.knownFormats
    guard known.contains(manifest.format) else {
      throw CheckpointError(
        "\(path) has format \(manifest.format); this program reads formats \(known.lowerBound) to \(known.upperBound)"
      )
    }
    guard (manifest.codec == .difference) == (manifest.base != nil) else {
      throw CheckpointError("\(path): codec \(manifest.codec.rawValue) does not go with its base")
    }
    var positions: [String: Int] = [:]
    for (index, entry) in manifest.tensors.enumerated() {
      let fits =
        manifest.payloadBytes >= 0 && entry.offset >= 0 && entry.length >= 0
        && entry.offset <= manifest.payloadBytes - entry.length && entry.plainBytes != nil
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

  /// What is wrong with a manifest that cannot be decoded.
  private static func words(_ error: any Error) -> String {
    func place(_ context: DecodingError.Context) -> String {
      context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    }
    switch error as? DecodingError {
    case .keyNotFound(let key, _): return "it has no '\(key.stringValue)'"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "'\(place(context))' is not what belongs there"
    case .dataCorrupted(let context) where !context.codingPath.isEmpty:
      return "'\(place(context))' is not what belongs there"
    default: return "it is no JSON; it is torn or was changed"
    }
  }

  subscript(name: String) -> CheckpointManifest.Entry? {
    positions[name].map { manifest.tensors[$0] }
  }

  /// What this link stores of a tensor: its values, or their difference from the base's. Not verified.
  ///
  /// - Parameter wanted: the tensor as the newest link describes it.
  func words(of wanted: CheckpointManifest.Entry) throws -> [UInt8] {
    guard let entry = self[wanted.name], entry.shape == wanted.shape, entry.type == wanted.type else {
      throw CheckpointError(
        "\(folder) has no tensor \(wanted.name) of shape \(wanted.shape) in \(wanted.type.rawValue)")
    }
    let frame = try DurableFiles.read(folder + "/payload.zst", offset: entry.offset, count: entry.length)
    // The frame itself says how much it holds, so that a lying shape allocates nothing.
    guard let bytes = entry.plainBytes, try frame.withUnsafeBytes({ try Zstandard.contentSize($0) }) == bytes
    else {
      throw CheckpointError("its frame does not hold the shape \(entry.shape)")
    }
    let planes = try [UInt8](unsafeUninitializedCapacity: bytes) { buffer, count in
      try frame.withUnsafeBytes {
        try Zstandard.decompress($0, into: UnsafeMutableRawBufferPointer(buffer))
      }
      count = bytes
    }
    return [UInt8](unsafeUninitializedCapacity: bytes) { buffer, count in
      planes.withUnsafeBytes {
        BytePlanes.join($0, into: UnsafeMutableRawBufferPointer(buffer), width: entry.type.width)
      }
      count = bytes
    }
  }
}

/// What a checkpoint holds and how to verify it; stored as `manifest.json` beside the payload.
public struct CheckpointManifest: Codable, Sendable, Equatable {
  /// What the tensors are for.
  public enum Kind: String, Codable, Sendable {
    /// The weights rollout workers sample from.
    case policy
    /// Everything a learner needs to go on: weights and optimizer moments.
    case state
  }

  /// The version a checkpoint is a difference to: a folder beside its own.
  public struct Base: Codable, Sendable, Equatable {
    /// The folder's name.
    public let name: String
    public let manifestSHA256: String

    package init(name: String, manifestSHA256: String) {
      self.name = name
      self.manifestSHA256 = manifestSHA256
    }
  }

  /// How the values of a tensor are stored.
  public enum ValueType: String, Codable, Sendable {
    case float32, bfloat16

    /// Bytes of a value.
    public var width: Int { self == .float32 ? 4 : 2 }
  }

  /// One tensor: row-major, one zstd frame over the byte planes of its values or, in a difference, of their XOR with
  /// the base's values.
  public struct Entry: Codable, Sendable, Equatable {
    public let name: String
    public let shape: [Int]
    /// Written where it is not float32.
    public let type: ValueType
    /// Where its frame starts in the payload file, in bytes, and how long it is.
    public let offset: Int
    public let length: Int
    /// SHA-256 of the tensor's little-endian values, in hexadecimal; in a difference too those of the tensor, so
    /// that a difference applied twice, or to the wrong version, is noticed.
    public let sha256: String

    package init(
      name: String, shape: [Int], type: ValueType = .float32, offset: Int, length: Int, sha256: String
    ) {
      self.name = name
      self.shape = shape
      self.type = type
      self.offset = offset
      self.length = length
      self.sha256 = sha256
    }

    enum CodingKeys: String, CodingKey { case name, shape, type, offset, length, sha256 }

    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      self.init(
        name: try values.decode(String.self, forKey: .name),
        shape: try values.decode([Int].self, forKey: .shape),
        type: try values.decodeIfPresent(ValueType.self, forKey: .type) ?? .float32,
        offset: try values.decode(Int.self, forKey: .offset),
        length: try values.decode(Int.self, forKey: .length),
        sha256: try values.decode(String.self, forKey: .sha256))
    }

    public func encode(to encoder: any Encoder) throws {
      var values = encoder.container(keyedBy: CodingKeys.self)
      try values.encode(name, forKey: .name)
      try values.encode(shape, forKey: .shape)
      if type != .float32 { try values.encode(type, forKey: .type) }
      try values.encode(offset, forKey: .offset)
      try values.encode(length, forKey: .length)
      try values.encode(sha256, forKey: .sha256)
    }

    /// Bytes of its values; nil for a shape no tensor can have.
    var plainBytes: Int? {
      var bytes = type.width
      for dimension in shape {
        let (product, overflow) = bytes.multipliedReportingOverflow(by: dimension)
        guard dimension > 0, !overflow else { return nil }
        bytes = product
      }
      return bytes
    }
  }

  /// Version of this layout; readers refuse what they do not know.
  public let format: Int
  public let kind: Kind
  /// The number of optimizer steps taken.
  public let step: Int
  public let codec: Codec
  /// What this is a difference to; nil for an anchor, which stands alone.
  public let base: Base?
  public let payloadBytes: Int
  public let tensors: [Entry]
  /// Where the checkpoint comes from: run, base model hash, seed.
  public let origin: [String: String]

  /// How a tensor's bytes become its frame. The names are those of float32, whose values have four planes.
  public enum Codec: String, Codable, Sendable {
    /// Regrouped by significance, then one zstd frame.
    case planes = "zstd-planes4"
    /// XOR with the base's values, then as above.
    case difference = "zstd-planes4-xor"
  }

  /// Bytes of the values it stands for, uncompressed.
  public var plainBytes: Double { tensors.reduce(0) { $0 + Double($1.plainBytes ?? 0) } }

  /// Format 2 has value types; what has float32 alone is written as format 1, which older programs read too.
  package static let knownFormats = 1...2
}

/// A checkpoint that lies whole on the shared filesystem.
public struct PublishedCheckpoint: Sendable, Equatable {
  /// The folder that holds `manifest.json` and `payload.zst`.
  public let folder: String
  /// SHA-256 of the manifest's bytes; it names the folder and is what the ledger announces.
  public let manifestSHA256: String
  /// Bytes on disk, manifest included.
  public let bytes: Int
  public let manifest: CheckpointManifest

  package init(folder: String, manifestSHA256: String, bytes: Int, manifest: CheckpointManifest) {
    self.folder = folder
    self.manifestSHA256 = manifestSHA256
    self.bytes = bytes
    self.manifest = manifest
  }
}

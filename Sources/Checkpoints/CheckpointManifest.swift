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

  /// One tensor: float32, row-major, one zstd frame over the byte planes of its values or, in a difference, of
  /// their XOR with the base's values.
  public struct Entry: Codable, Sendable, Equatable {
    public let name: String
    public let shape: [Int]
    /// Where its frame starts in the payload file, in bytes, and how long it is.
    public let offset: Int
    public let length: Int
    /// SHA-256 of the tensor's little-endian values, in hexadecimal; in a difference too those of the tensor, so
    /// that a difference applied twice, or to the wrong version, is noticed.
    public let sha256: String

    package init(name: String, shape: [Int], offset: Int, length: Int, sha256: String) {
      self.name = name
      self.shape = shape
      self.offset = offset
      self.length = length
      self.sha256 = sha256
    }

    /// Bytes of its values; nil for a shape no tensor can have.
    var plainBytes: Int? {
      var bytes = 4
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

  /// How a tensor's bytes become its frame.
  public enum Codec: String, Codable, Sendable {
    /// Regrouped by significance, then one zstd frame.
    case planes = "zstd-planes4"
    /// XOR with the base's values, then as above.
    case difference = "zstd-planes4-xor"
  }

  /// Bytes of the values it stands for, uncompressed.
  public var plainBytes: Double { tensors.reduce(0) { $0 + Double($1.plainBytes ?? 0) } }

  package static let currentFormat = 1
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

/// What a checkpoint holds and how to verify it; stored as `manifest.json` beside the payload.
public struct CheckpointManifest: Codable, Sendable, Equatable {
  /// What the tensors are for.
  public enum Kind: String, Codable, Sendable {
    /// The weights rollout workers sample from.
    case policy
    /// Everything a learner needs to go on: weights and optimizer moments.
    case state
  }

  /// One tensor: float32, row-major, one zstd frame over its byte planes.
  public struct Entry: Codable, Sendable, Equatable {
    public let name: String
    public let shape: [Int]
    /// Where its frame starts in the payload file, in bytes, and how long it is.
    public let offset: Int
    public let length: Int
    /// SHA-256 of the uncompressed little-endian values, in hexadecimal.
    public let sha256: String

    package init(name: String, shape: [Int], offset: Int, length: Int, sha256: String) {
      self.name = name
      self.shape = shape
      self.offset = offset
      self.length = length
      self.sha256 = sha256
    }
  }

  /// Version of this layout; readers refuse what they do not know.
  public let format: Int
  public let kind: Kind
  /// The number of optimizer steps taken.
  public let step: Int
  /// `zstd-planes4`: each tensor's bytes regrouped by significance, then one zstd frame.
  public let codec: String
  public let payloadBytes: Int
  public let tensors: [Entry]
  /// Where the checkpoint comes from: run, base model hash, seed.
  public let origin: [String: String]

  package static let currentFormat = 1
  package static let currentCodec = "zstd-planes4"
}

/// A checkpoint that lies whole on the shared filesystem.
public struct PublishedCheckpoint: Sendable, Equatable {
  /// The folder that holds `manifest.json` and `payload.zst`.
  public let folder: String
  /// SHA-256 of the manifest's bytes; it names the folder and is what the ledger announces.
  public let manifestSHA256: String
  /// Bytes on disk, manifest included.
  public let bytes: Int

  package init(folder: String, manifestSHA256: String, bytes: Int) {
    self.folder = folder
    self.manifestSHA256 = manifestSHA256
    self.bytes = bytes
  }
}

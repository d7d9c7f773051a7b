/// The name of a checkpoint's folder: what it is, how far the run was, who wrote it and what it holds.
public struct CheckpointName: Sendable, Hashable, Comparable, CustomStringConvertible {
  public let kind: CheckpointManifest.Kind
  /// Optimizer steps taken.
  public let step: Int
  /// The lease epoch of the writer: of two checkpoints of one step, the ledger decides, never the name.
  public let epoch: Int
  /// The first 16 digits of the manifest's SHA-256.
  public let digest: String

  package init(kind: CheckpointManifest.Kind, step: Int, epoch: Int, manifestSHA256: String) {
    self.kind = kind
    self.step = step
    self.epoch = epoch
    digest = String(manifestSHA256.prefix(16))
  }

  private static let digits = "0123456789abcdef".utf8

  /// Reads a folder's name; nil when it is not a checkpoint's.
  public init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 4, let kind = CheckpointManifest.Kind(rawValue: String(parts[0])),
      let step = Int(parts[1]), step >= 0, parts[2].first == "e", let epoch = Int(parts[2].dropFirst()),
      parts[3].utf8.count == 16, parts[3].utf8.allSatisfy(Self.digits.contains)
    else { return nil }
    self.kind = kind
    self.step = step
    self.epoch = epoch
    digest = String(parts[3])
    // "+7" and "007" are numbers too, but no name this program writes.
    guard description == text else { return nil }
  }

  public var description: String {
    let digits = String(step)
    let padded = String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    return "\(kind.rawValue)-\(padded)-e\(epoch)-\(digest)"
  }

  /// By step, then by epoch.
  public static func < (a: CheckpointName, b: CheckpointName) -> Bool {
    (a.step, a.epoch, a.kind.rawValue, a.digest) < (b.step, b.epoch, b.kind.rawValue, b.digest)
  }
}

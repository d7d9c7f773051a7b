internal import FoundationEssentials
public import Tensors

/// Publishes the versions of a policy one after the other: an anchor now and then, differences between.
///
/// One optimizer step changes the low bits of most weights and the high bits of few, so the XOR of two versions
/// compresses far better than either. A version is an anchor when it is the first, when it carries a learner's
/// moments (a state has to stand alone), or when the differences since the last anchor would together be larger
/// than an anchor: a chain never takes more than twice the room of one anchor, whatever the learning rate. The
/// values last published are kept in memory to take the next difference from.
public struct CheckpointChain {
  public let folder: CheckpointFolder
  /// Differences that may follow one anchor: a reader that starts from nothing goes through all of them.
  public static let longest = 40

  private var last: Link?

  /// What the next difference is taken from.
  private struct Link {
    let base: CheckpointManifest.Base
    let values: [String: [UInt8]]
    /// Bytes the weights took in the anchor, and the differences since then.
    var anchorBytes: Int
    var differenceBytes = 0
    var differences = 0
    /// The size of the newest difference forecasts that of the next.
    var newest = 0

    func takesOneMore(of names: [String]) -> Bool {
      differences < CheckpointChain.longest && differenceBytes + newest <= anchorBytes
        && names.allSatisfy { values[$0] != nil }
    }
  }

  public init(folder: CheckpointFolder) {
    self.folder = folder
  }

  /// Publishes the next version.
  ///
  /// - Parameters:
  ///   - weights: what rollout workers read.
  ///   - moments: what a learner needs besides; when there are any the checkpoint is a `state`, else a `policy`.
  ///   - step: optimizer steps taken so far; `epoch`, `origin`, `beforeAppearing`: see `CheckpointFolder.publish`.
  public mutating func publish(
    _ weights: [(name: String, tensor: Tensor)], moments: [(name: String, tensor: Tensor)] = [], step: Int,
    epoch: Int, origin: [String: String], beforeAppearing: () -> Void = {}
  ) throws -> PublishedCheckpoint {
    let names = weights.map(\.name)
    let stored = Set(names)
    var values: [String: [UInt8]] = [:]
    let base = moments.isEmpty ? last.flatMap { $0.takesOneMore(of: names) ? $0 : nil } : nil
    let published = try folder.publish(
      weights + moments, kind: moments.isEmpty ? .policy : .state, step: step, epoch: epoch, origin: origin,
      differingFrom: base.map { ($0.base, $0.values) },
      onValues: { if stored.contains($0) { values[$0] = [UInt8]($1) } }, beforeAppearing: beforeAppearing)
    let name = published.folder.split(separator: "/").last.map(String.init) ?? ""
    let bytes = published.manifest.tensors.filter { stored.contains($0.name) }.reduce(0) { $0 + $1.length }
    var link = Link(
      base: .init(name: name, manifestSHA256: published.manifestSHA256),
      values: values, anchorBytes: base?.anchorBytes ?? bytes)
    if let base {
      link.differences = base.differences + 1
      link.differenceBytes = base.differenceBytes + bytes
      link.newest = bytes
    }
    last = link
    return published
  }
}

internal import FoundationEssentials

/// The folder a run's checkpoints lie in, one sub-folder each.
///
/// A checkpoint appears whole or not at all: it is written under a draft's name, flushed, renamed to a name
/// that carries the writer's lease epoch and the manifest's hash, and the parent folder is flushed. Readers
/// open only what the ledger has announced, so a writer whose lease was lost leaves at most a folder that
/// nobody announces.
public struct CheckpointFolder: Sendable {
  public let path: String

  public init(path: String) {
    self.path = path
  }

  /// The whole checkpoints of a kind, from the first step to the last.
  public func checkpoints(_ kind: CheckpointManifest.Kind) -> [CheckpointName] {
    entries().compactMap { CheckpointName($0) }.filter { $0.kind == kind }.sorted()
  }

  /// Where a checkpoint lies.
  public func path(of name: CheckpointName) -> String { "\(path)/\(name)" }

  /// Removes the checkpoints of `kind` before `step`, but not what the ones that stay are differences to.
  ///
  /// - Parameters:
  ///   - keeping: steps whose checkpoints stay: those that workers have leased or a replay starts from.
  ///   - every: also keeps each step that is a multiple of this; 0 keeps none.
  /// - Returns: the checkpoints removed; none when a manifest that decides about others cannot be read.
  @discardableResult
  public func removeCheckpoints(
    _ kind: CheckpointManifest.Kind, below step: Int, keeping: Set<Int> = [], every: Int = 0
  ) -> [CheckpointName] {
    remove(removable(kind, below: step, keeping: keeping, every: every))
  }

  /// Removes checkpoints, in the order given.
  ///
  /// - Returns: those removed; not those that the file system keeps.
  public func remove(_ names: [CheckpointName]) -> [CheckpointName] {
    names.filter { name in
      // Half a checkpoint must not look like a whole one, so it loses its name first.
      let doomed = "\(path)/\(Draft.prefix)\(name.epoch).removed-\(name)"
      let files = FileManager.default
      do {
        try files.moveItem(atPath: self.path(of: name), toPath: doomed)
        try files.removeItem(atPath: doomed)
        return true
      } catch {
        return false
      }
    }
  }

  /// What `removeCheckpoints` would remove, the newest first: a difference goes before its base.
  public func removable(
    _ kind: CheckpointManifest.Kind, below step: Int, keeping: Set<Int> = [], every: Int = 0
  ) -> [CheckpointName] {
    let all = checkpoints(.policy) + checkpoints(.state)
    let old = Set(
      all.filter { name in
        name.kind == kind && name.step < step && !keeping.contains(name.step)
          && !(every > 0 && name.step % every == 0)
      })
    var needed: Set<String> = []
    for name in all where !old.contains(name) {
      guard let checkpoint = try? Checkpoint(folder: path(of: name)) else { return [] }
      needed.formUnion(checkpoint.chain)
    }
    return old.filter { !needed.contains(path(of: $0)) }.sorted(by: >)
  }

  /// Removes what writers of earlier lease epochs left unfinished.
  ///
  /// - Parameter epoch: the caller's own epoch; its drafts and those of later epochs stay.
  /// - Returns: the number of drafts removed.
  @discardableResult
  public func removeDrafts(before epoch: Int) -> Int {
    entries().count { name in
      guard let writer = Draft.epoch(of: name), writer < epoch else { return false }
      return (try? FileManager.default.removeItem(atPath: "\(path)/\(name)")) != nil
    }
  }

  private func entries() -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
  }
}

/// Names of folders that are not checkpoints yet, or no longer: `.draft-e<epoch>.<what>`.
enum Draft {
  static let prefix = ".draft-e"

  static func name(epoch: Int, process: Int32, step: Int, kind: CheckpointManifest.Kind) -> String {
    "\(prefix)\(epoch).\(kind.rawValue)-\(step).\(process)"
  }

  /// The epoch of the writer; nil when the name is no draft's.
  static func epoch(of name: String) -> Int? {
    guard name.hasPrefix(prefix) else { return nil }
    return Int(name.dropFirst(prefix.count).prefix { $0 != "." })
  }
}

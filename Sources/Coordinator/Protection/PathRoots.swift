import JobModel

/// The folders below which jobs may name paths, as the coordinator was started with them.
public struct PathRoots: Sendable, Equatable {
  /// Each lab has the folder of its name below this one; nil leaves jobs every path.
  public var labs: String?
  /// Whatever lies here every lab may read.
  public var shared: String?

  /// - Parameters: absolute paths without "." and "..".
  public init(labs: String? = nil, shared: String? = nil) {
    self.labs = labs
    self.shared = shared
  }

  /// What holds for the jobs of a lab; nil where every path is allowed, as on a machine of one's own.
  func confinement(ofLab name: String) -> PathConfinement? {
    guard let labs else { return nil }
    // A lab's name has no "/" and does not begin with ".": `JobStore.createLab` sees to it.
    return PathConfinement(lab: labs == "/" ? "/\(name)" : "\(labs)/\(name)", shared: shared)
  }
}

/// The folders a job's paths must lie in: the lab's own, and the public one, from which jobs only read.
///
/// The coordinator that takes a job checks the text of its paths, and stores the confinement with the job. A worker
/// follows the links of its own filesystem and checks again, before the task and for every file in it.
public struct PathConfinement: Codable, Sendable, Equatable {
  /// nil where labs have no folders: then only the public one is given, and nothing can be written.
  public var lab: String?
  /// nil where there is no public folder.
  public var shared: String?

  public init(lab: String?, shared: String?) {
    self.lab = lab
    self.shared = shared
  }

  enum CodingKeys: String, CodingKey {
    case lab
    case shared = "public"
  }

  /// Whether an absolute path without "." and ".." lies in a folder that allows this use.
  public func allows(_ path: String, writing: Bool) -> Bool {
    Self.contains(lab, path) || (!writing && Self.contains(shared, path))
  }

  /// One sentence per path of a job that lies elsewhere.
  public func problems(in spec: JobSpec) -> [String] {
    spec.settings.paths.filter { !allows($0.path, writing: $0.isWritten) }.map { path in
      let what = path.isWritten ? "results go into" : "a job reads from"
      return "\(path.key): \(path.path) lies outside; \(what) \(places(writing: path.isWritten))"
    }
  }

  /// The folders, for people.
  public func places(writing: Bool) -> String {
    let folders = [lab, writing ? nil : shared].compactMap(\.self)
    return folders.isEmpty ? "no folder at all here" : folders.joined(separator: " and ")
  }

  /// Compares bytes, as filesystems do: a name may be written with an accented letter or with a letter and an accent, and
  /// these are two folders.
  private static func contains(_ folder: String?, _ path: String) -> Bool {
    guard let folder else { return false }
    return path.utf8.elementsEqual(folder.utf8)
      || path.utf8.starts(with: (folder == "/" ? "/" : folder + "/").utf8)
  }
}

/// A path among a job's settings.
public struct JobPath: Sendable, Equatable {
  public let key: String
  public let path: String
  public let isWritten: Bool
}

extension JobSettings {
  /// Every path the settings name.
  public var paths: [JobPath] {
    switch self {
    case .train(let settings):
      Self.inputs(
        ("model", settings.model), ("data", settings.data),
        ("images", Self.pictures(settings.images, of: settings.data)),
        ("validation.data", settings.validation?.data),
        ("validation.images", settings.validation.flatMap { Self.pictures($0.images, of: $0.data) }),
        ("fork.checkpoint", settings.fork?.checkpoint), output: settings.output)
    case .eval(let settings):
      Self.inputs(
        ("model", settings.model), ("data", settings.data), ("trained_on", settings.trainedOn),
        output: settings.output)
    case .rollout(let settings):
      Self.inputs(
        ("model", settings.model), ("data", settings.data),
        ("images", Self.pictures(settings.images, of: settings.data)), output: settings.output)
    case .score(let settings):
      Self.inputs(
        ("model", settings.model), ("images", settings.images), ("classes", settings.classes),
        ("segmenter", settings.segmenter), output: settings.output)
        + settings.references.map { JobPath(key: "reference", path: $0, isWritten: false) }
        + (settings.cache.map { [JobPath(key: "cache", path: $0, isWritten: true)] } ?? [])
    }
  }

  /// Where the pictures of a file of rows lie: the folder given, or the file's own.
  private static func pictures(_ images: String?, of data: String) -> String? {
    if images != nil || !(data.hasSuffix(".json") || data.hasSuffix(".jsonl")) { return images }
    return data.lastIndex(of: "/").map { $0 == data.startIndex ? "/" : String(data[..<$0]) }
  }

  private static func inputs(_ inputs: (String, String?)..., output: String) -> [JobPath] {
    inputs.compactMap { key, path in path.map { JobPath(key: key, path: $0, isWritten: false) } }
      + [JobPath(key: "output", path: output, isWritten: true)]
  }
}

internal import FoundationEssentials
internal import WorkerRuntime

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Musl
#endif

/// The images below a folder, in an order that does not depend on the filesystem.
public enum ImageFolder {
  /// Endings that are taken for images; what is inside decides how a file is decoded.
  static let endings: Set<String> = [
    "png", "jpg", "jpeg", "jpe", "tif", "tiff", "webp", "bmp", "dib",
  ]

  static func isImage(_ name: some StringProtocol) -> Bool {
    name.split(separator: ".").last.map { endings.contains($0.lowercased()) } ?? false
  }

  /// Whether a path leads through a hidden folder or to a hidden file, such as the `._` files that macOS writes.
  static func isHidden(_ path: String) -> Bool {
    path.split(separator: "/").contains { $0.hasPrefix(".") && $0 != "." && $0 != ".." }
  }

  /// Paths relative to `root`, sorted by their bytes.
  /// - Parameter without: folders below it that are not looked into: where results lie.
  public static func list(_ root: String, without folders: [String] = []) throws -> [String] {
    var found: [String] = []
    let leftOut = Set(folders.compactMap(realPath))
    try collect(root, prefix: "", top: realPath(root) ?? root, leftOut, into: &found)
    return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func collect(
    _ folder: String, prefix: String, top: String, _ leftOut: Set<String>, into found: inout [String]
  ) throws {
    for (name, kind) in try entries(of: folder) where !name.hasPrefix(".") {
      let path = folder + "/" + name
      switch kind {
      case .folder:
        guard leftOut.isEmpty || !leftOut.contains(realPath(path) ?? path) else { continue }
        try collect(path, prefix: prefix + name + "/", top: top, leftOut, into: &found)
      case .link:
        // A link to a folder is not followed, as it may lead in circles; one to a file only within the folder.
        if isImage(name), realPath(path)?.hasPrefix(top + "/") == true { found.append(prefix + name) }
      case .file: if isImage(name) { found.append(prefix + name) }
      }
    }
  }

  private enum Kind { case folder, link, file }

  /// What lies in a folder. Most filesystems tell what an entry is with its name; asking for each of 100,000 costs a
  /// request each where a bucket is mounted.
  private static func entries(of folder: String) throws -> [(name: String, kind: Kind)] {
    guard let stream = opendir(folder) else {
      throw TaskError(
        .userError, "the folder \(folder) cannot be read: \(String(cString: strerror(errno)))")
    }
    defer { closedir(stream) }
    var found: [(String, Kind)] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        FileName.text(bytes.prefix { $0 != 0 })
      }
      switch Int(entry.pointee.d_type) {
      case Int(DT_DIR): found.append((name, .folder))
      case Int(DT_LNK): found.append((name, .link))
      case Int(DT_UNKNOWN): found.append((name, kind(of: folder + "/" + name)))
      default: found.append((name, .file))
      }
    }
    return found
  }

  private static func kind(of path: String) -> Kind {
    var status = stat()
    guard lstat(path, &status) == 0 else { return .file }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: return .folder
    case S_IFLNK: return .link
    default: return .file
    }
  }

  /// The path without links; nil for what is not there.
  private static func realPath(_ path: String) -> String? {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().path
  }
}

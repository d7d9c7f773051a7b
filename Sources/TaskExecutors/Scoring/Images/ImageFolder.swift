internal import Images
internal import WorkerRuntime

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
    let leftOut = Set(folders.map(FileName.resolved))
    do throws(FolderListing.Failure) {
      try collect(root, prefix: "", top: FileName.resolved(root), leftOut, into: &found)
    } catch {
      throw TaskError(.userError, "the folder \(error)")
    }
    return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func collect(
    _ folder: String, prefix: String, top: String, _ leftOut: Set<String>, into found: inout [String]
  ) throws(FolderListing.Failure) {
    for entry in try entries(folder, isTop: prefix.isEmpty) {
      let name = entry.name
      let path = folder + "/" + name
      switch entry.kind {
      case .folder:
        guard leftOut.isEmpty || !leftOut.contains(FileName.resolved(path)) else { continue }
        try collect(path, prefix: prefix + name + "/", top: top, leftOut, into: &found)
      case .link:
        // A link to a folder is not followed, as it may lead in circles; one to a file only within the folder. One that
        // leads nowhere stays itself, and has a row that says so.
        guard isImage(name) else { continue }
        let place = FileName.resolved(path)
        if place == path || place.hasPrefix(top + "/") { found.append(prefix + name) }
      case .file: if isImage(name) { found.append(prefix + name) }
      }
    }
  }

  /// A folder that was moved away since its name was read, as cameras do with those of yesterday, holds nothing any more.
  private static func entries(
    _ folder: String, isTop: Bool
  ) throws(FolderListing.Failure) -> [FolderListing.Entry] {
    do throws(FolderListing.Failure) {
      return try FolderListing.entries(of: folder, at: FileName.onDisk(folder))
    } catch {
      guard error.isAbsence, !isTop else { throw error }
      return []
    }
  }
}

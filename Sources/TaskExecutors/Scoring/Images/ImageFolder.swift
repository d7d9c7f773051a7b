internal import FoundationEssentials
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

  /// Paths relative to `root`, sorted by their bytes.
  public static func list(_ root: String) throws -> [String] {
    var found: [String] = []
    try collect(root, prefix: "", top: realPath(root) ?? root, into: &found)
    return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func collect(
    _ folder: String, prefix: String, top: String, into found: inout [String]
  ) throws {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw TaskError(.userError, "the folder \(folder) cannot be read: \(error)")
    }
    for name in names where !name.hasPrefix(".") {
      let path = folder + "/" + name
      let type = (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType
      switch type {
      case .typeDirectory: try collect(path, prefix: prefix + name + "/", top: top, into: &found)
      case .typeSymbolicLink:
        // A link to a folder is not followed, as it may lead in circles; one to a file only within the folder.
        if isImage(name), realPath(path)?.hasPrefix(top + "/") == true { found.append(prefix + name) }
      default: if isImage(name) { found.append(prefix + name) }
      }
    }
  }

  /// The path without links; nil for what is not there.
  private static func realPath(_ path: String) -> String? {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().path
  }
}

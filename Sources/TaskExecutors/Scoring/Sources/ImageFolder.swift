internal import FoundationEssentials
internal import WorkerRuntime

/// The images below a folder, in an order that does not depend on the filesystem.
enum ImageFolder {
  /// Endings that are taken for images; what is inside decides how a file is decoded.
  private static let endings: Set<String> = ["png", "jpg", "jpeg", "jpe"]

  /// Paths relative to `root`, sorted by their bytes.
  static func list(_ root: String) throws -> [String] {
    var isFolder = false
    guard FileManager.default.fileExists(atPath: root, isDirectory: &isFolder) else {
      throw TaskError(.userError, "the image folder \(root) does not exist on the worker's machine")
    }
    guard isFolder else { throw TaskError(.userError, "\(root) is a file; images are read from a folder") }
    var found: [String] = []
    try collect(root, prefix: "", into: &found)
    return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func collect(_ folder: String, prefix: String, into found: inout [String]) throws {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw TaskError(.userError, "the folder \(folder) cannot be read: \(error)")
    }
    for name in names where !name.hasPrefix(".") {
      let path = folder + "/" + name
      // A link to a folder is not followed: it may lead out of the tree or in circles.
      let type = (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType
      if type == .typeDirectory {
        try collect(path, prefix: prefix + name + "/", into: &found)
      } else if let ending = name.split(separator: ".").last, endings.contains(ending.lowercased()) {
        found.append(prefix + name)
      }
    }
  }
}

import FoundationEssentials

/// Looks into a data set's folders. Names come in the order of their bytes, hidden files and the clutter that
/// archives leave are passed over.
struct DatasetFolder {
  let path: String

  static func joined(_ folder: String, _ name: String) -> String {
    if name.isEmpty { return folder }
    return folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }

  static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The last component of a path that does not end in a slash.
  static func lastName(of path: String) -> String {
    String(path.split(separator: "/").last ?? "/")
  }

  /// A file's name without its folders and its last ending.
  static func stem(of path: String) -> String {
    let name = lastName(of: path)
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
  }

  /// Whether a file's name ends as pictures' names do.
  static func isImage(_ name: String) -> Bool {
    guard let ending = name.split(separator: ".").last, ending.count < name.count else { return false }
    return ["png", "jpg", "jpeg", "jpe", "tif", "tiff", "bmp", "webp"].contains(ending.lowercased())
  }

  func has(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: Self.joined(path, name))
  }

  func hasFolder(_ name: String) -> Bool { Self.isFolder(Self.joined(path, name)) }

  static func isFolder(_ path: String) -> Bool {
    var isFolder = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder
  }

  subscript(name: String) -> DatasetFolder { DatasetFolder(path: Self.joined(path, name)) }

  /// Everything in the folder; nothing where there is no such folder.
  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
      .filter { !$0.hasPrefix(".") && $0 != "__MACOSX" }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  var folders: [String] { names.filter(hasFolder) }

  /// Names of the pictures that lie directly in the folder.
  var images: [String] { names.filter(Self.isImage) }

  /// Pictures in the folder and below it, relative to it. Links to folders are not followed: they may lead in circles.
  var imagesBelow: [String] {
    var found: [String] = []
    for name in names {
      let inner = Self.joined(path, name)
      let type = (try? FileManager.default.attributesOfItem(atPath: inner))?[.type] as? FileAttributeType
      if type == .typeDirectory {
        found += self[name].imagesBelow.map { "\(name)/\($0)" }
      } else if Self.isImage(name) {
        found.append(name)
      }
    }
    return found
  }

  /// The whole text of a file in the folder; `nil` where it is missing or not UTF-8.
  func text(_ name: String) -> String? {
    FileManager.default.contents(atPath: Self.joined(path, name)).flatMap {
      String(validating: $0, as: UTF8.self)
    }
  }
}

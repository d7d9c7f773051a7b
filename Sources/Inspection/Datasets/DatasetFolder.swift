import FoundationEssentials
import Images

/// Looks into a data set's folders. Names come in the order of their bytes, hidden files and the clutter that systems
/// and archives leave are passed over. What is there and cannot be looked into is an error: it would pass for empty.
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

  func has(_ name: String) throws(DatasetError) -> Bool { try Self.exists(Self.joined(path, name)) }

  /// Whether there is a file or a folder.
  static func exists(_ path: String) throws(DatasetError) -> Bool { try kind(of: path) != nil }

  func hasFolder(_ name: String) throws(DatasetError) -> Bool {
    try Self.isFolder(Self.joined(path, name))
  }

  static func isFolder(_ path: String) throws(DatasetError) -> Bool { try kind(of: path) == .folder }

  /// What a path leads to; nil where there is nothing.
  private static func kind(of path: String) throws(DatasetError) -> FolderListing.Kind? {
    do throws(FolderListing.Failure) {
      return try FolderListing.kind(of: path)
    } catch {
      throw DatasetError(message: "\(error)")
    }
  }

  subscript(name: String) -> DatasetFolder { DatasetFolder(path: Self.joined(path, name)) }

  /// Everything in the folder; nothing where there is no such folder.
  var names: [String] { get throws(DatasetError) { try entries().map(\.name) } }

  /// Folders, and links to some.
  var folders: [String] {
    get throws(DatasetError) {
      var found: [String] = []
      for entry in try entries() {
        if entry.kind == .folder {
          found.append(entry.name)
        } else if entry.kind == .link, try hasFolder(entry.name) {
          found.append(entry.name)
        }
      }
      return found
    }
  }

  /// The folder itself where it is what is looked for, else those in it that are, each with its name.
  func itselfOrFolders(
    where matches: (DatasetFolder) throws(DatasetError) -> Bool
  ) throws(DatasetError) -> [(name: String, folder: DatasetFolder)] {
    if try matches(self) { return [(Self.lastName(of: path), self)] }
    var found: [(name: String, folder: DatasetFolder)] = []
    for name in try folders where try matches(self[name]) { found.append((name, self[name])) }
    return found
  }

  /// Names of the pictures that lie directly in the folder.
  var images: [String] { get throws(DatasetError) { try names.filter(Self.isImage) } }

  /// Pictures in the folder and below it, relative to it. Links to folders are not followed: they may lead in circles.
  var imagesBelow: [String] {
    get throws(DatasetError) {
      var found: [String] = []
      try collectImages(of: entries(), prefix: "", into: &found)
      return found
    }
  }

  private func collectImages(
    of entries: [FolderListing.Entry], prefix: String, into found: inout [String]
  ) throws(DatasetError) {
    for entry in entries {
      let inner = prefix + entry.name
      if entry.kind == .folder {
        try collectImages(of: self[inner].entries(orNone: false), prefix: inner + "/", into: &found)
      } else if Self.isImage(entry.name) {
        found.append(inner)
      }
    }
  }

  /// - Parameter orNone: whether there need be no such folder.
  private func entries(
    orNone: Bool = true
  ) throws(DatasetError) -> [FolderListing.Entry] {
    let found: [FolderListing.Entry]
    do throws(FolderListing.Failure) {
      found = try FolderListing.entries(of: path).sorted {
        $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
      }
    } catch {
      if orNone, error.isAbsence { return [] }
      throw DatasetError(message: "the folder \(error)")
    }
    // Names go into indexes, answers and reports, where they have to be texts.
    if let first = found.first(where: { $0.isSpelledOut && ($0.kind == .folder || Self.isImage($0.name)) }) {
      throw DatasetError(
        message:
          "\(Self.joined(path, first.name)): the name is not UTF-8, its other bytes are spelled out here; "
          + "rename it, as 'convmv -f latin1 -t utf8 -r --notest' does")
    }
    return found
  }

  /// The whole text of a file in the folder; `nil` where there is none.
  func text(_ name: String) throws(DatasetError) -> String? {
    guard try has(name) else { return nil }
    let file = Self.joined(path, name)
    guard let data = FileManager.default.contents(atPath: file) else {
      throw DatasetError(message: "\(file) cannot be read")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw DatasetError(message: "\(file) is not UTF-8")
    }
    return text
  }
}

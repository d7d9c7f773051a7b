internal import FoundationEssentials
internal import Glibc
internal import Images
internal import Inspection
internal import JobModel
internal import WorkerRuntime

/// The images a job names: a folder, a pattern, an archive, a list or a single file.
package struct ImageSet {
  /// In an order that is the same on every machine, every path once.
  package let entries: [ImageEntry]
  /// Paths that were named more than once.
  package let duplicates: Int

  /// - Parameter without: folders below a folder that are not looked into.
  package init(_ source: String, without folders: [String] = []) throws {
    let found = try Self.entries(source, without: folders)
    guard !found.isEmpty else { throw TaskError(.userError, "\(source) holds no image (\(Self.endings))") }
    // By their bytes: two names that only look alike, an é of one sign and one of two, are those of two files.
    var seen: [[UInt8]: [UInt8]] = [:]
    entries = try found.filter { entry in
      let file = Array(entry.file.utf8)
      guard let before = seen.updateValue(file, forKey: Array(entry.path.utf8)) else { return true }
      guard before == file else {
        throw TaskError(
          .userError, "\(source) calls two images \(entry.path); results need a name of its own for each")
      }
      return false
    }
    duplicates = found.count - entries.count
  }

  private static let endings = ImageFolder.endings.sorted().map { ".\($0)" }.joined(separator: ", ")

  private static func entries(_ source: String, without folders: [String]) throws -> [ImageEntry] {
    var isFolder = false
    if FileManager.default.fileExists(atPath: source, isDirectory: &isFolder) {
      if isFolder {
        return try ImageFolder.list(source, without: folders).map {
          ImageEntry(path: $0, location: .file(source + "/" + $0))
        }
      }
      let ending = source.split(separator: ".").last.map { $0.lowercased() } ?? ""
      switch ending {
      case "tar":
        // A file that was added again replaces the earlier one, as it does when the archive is unpacked. Names are
        // told apart by their bytes: two that only look alike are two files.
        let members = Dictionary(
          try TarIndex(path: source).members.map { (Array($0.name.utf8), $0) }, uniquingKeysWith: { $1 })
        return members.values.filter { ImageFolder.isImage($0.name) && !ImageFolder.isHidden($0.name) }.map {
          ImageEntry(path: $0.name, location: .part(of: source, $0.bytes))
        }.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
      case "txt", "csv": return try listed(in: source, isTable: ending == "csv")
      case "tgz", "gz", "zst", "xz", "bz2", "zip":
        throw TaskError(
          .userError,
          "\(source) is compressed, so its images cannot be read apart; unpack it to a .tar or a folder")
      default:
        let name = source.split(separator: "/").last.map(String.init) ?? source
        return [ImageEntry(path: name, location: .file(source))]
      }
    }
    guard source.utf8.contains(where: { $0 == 0x2A || $0 == 0x3F || $0 == 0x5B }) else {
      throw TaskError(
        .userError, "\(source) does not exist on the worker's machine; is the shared folder mounted there?")
    }
    return try matches(of: source)
  }

  /// Files that match a shell pattern, named from the last folder before its first sign.
  private static func matches(of pattern: String) throws -> [ImageEntry] {
    let parts = pattern.split(separator: "/", omittingEmptySubsequences: false)
    let plain = parts.prefix { !$0.utf8.contains { $0 == 0x2A || $0 == 0x3F || $0 == 0x5B } }
    let folder = plain.joined(separator: "/") + "/"
    var found = glob_t()
    defer { globfree(&found) }
    let status = glob(pattern, GLOB_NOSORT, nil, &found)
    guard status == 0 else {
      throw TaskError(
        .userError,
        status == GLOB_NOMATCH
          ? "no file matches \(pattern) on the worker's machine" : "\(pattern) cannot be read as a pattern")
    }
    var paths: [String] = []
    for index in 0..<Int(found.gl_pathc) {
      guard let name = found.gl_pathv[index] else { continue }
      var status = stat()
      guard stat(name, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
      let bytes = UnsafeBufferPointer(start: name, count: strlen(name)).map(UInt8.init(bitPattern:))
      let parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      paths.append(parts.map { FileName.text($0) }.joined(separator: "/"))
    }
    return paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map {
      ImageEntry(
        path: String(decoding: $0.utf8.dropFirst(folder.utf8.count), as: UTF8.self), location: .file($0))
    }
  }

  /// The files of a list in its order, relative paths taken from the list's folder: a path a line, or a table with
  /// the column path and, if wanted, name (what the results call the image) and class.
  private static func listed(in source: String, isTable: Bool) throws -> [ImageEntry] {
    let folder = ListedFile.folder(of: source)
    func entry(_ path: String, name: String? = nil, category: String? = nil) -> ImageEntry {
      ImageEntry(
        path: name ?? path, location: .file(AbsolutePath.of(path, relativeTo: folder) ?? path),
        category: category)
    }
    guard isTable else {
      return try ListedFile.text(source).split { $0 == "\n" || $0 == "\r\n" }.map { entry(String($0)) }
    }
    return try ListedFile.table(source, columns: ["path"]).compactMap { row in
      // An empty cell says nothing.
      let cells = row.filter { !$0.value.isEmpty }
      return cells["path"].map { entry($0, name: cells["name"], category: cells["class"]) }
    }
  }
}

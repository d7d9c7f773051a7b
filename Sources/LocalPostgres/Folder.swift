import Glibc

/// The little of a file system that a private server needs.
enum Folder {
  /// Names in a folder; none when it cannot be read.
  static func entries(of path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Makes a folder and its parents; the last gets the mode and the owner.
  static func make(_ path: String, mode: mode_t, owner: ChildProcess.Owner?) throws(LocalPostgresError) {
    var partial = ""
    for part in path.split(separator: "/") {
      partial += "/\(part)"
      if mkdir(partial, 0o755) != 0, errno != EEXIST {
        throw LocalPostgresError("cannot make the folder \(partial): \(String(cString: strerror(errno)))")
      }
    }
    if let owner, chown(path, uid_t(owner.user), gid_t(owner.group)) != 0 {
      throw LocalPostgresError(
        "cannot give \(path) to the server's user: \(String(cString: strerror(errno)))")
    }
    if chmod(path, mode) != 0 {
      throw LocalPostgresError("cannot set the mode of \(path): \(String(cString: strerror(errno)))")
    }
  }

  /// The first parent of a path that the user may not pass through.
  static func closedParent(of path: String, to owner: ChildProcess.Owner) -> String? {
    var partial = ""
    for part in path.split(separator: "/").dropLast() {
      partial += "/\(part)"
      var status = stat()
      guard stat(partial, &status) == 0 else { return nil }
      let needed: mode_t =
        Int64(status.st_uid) == owner.user ? 0o100 : Int64(status.st_gid) == owner.group ? 0o010 : 0o001
      if status.st_mode & needed == 0 { return partial }
    }
    return nil
  }

  static func remove(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR {
      for name in entries(of: path) { remove("\(path)/\(name)") }
      rmdir(path)
    } else {
      unlink(path)
    }
  }

  /// The first line of a text file; empty when it cannot be read.
  static func firstLine(of path: String) -> String {
    guard let file = fopen(path, "re") else { return "" }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }

  /// The end of a text file.
  static func tail(of path: String, lines: Int) -> String {
    guard let file = fopen(path, "re") else { return "" }
    defer { fclose(file) }
    fseek(file, 0, SEEK_END)
    fseek(file, max(0, ftell(file) - 8192), SEEK_SET)
    var bytes = [UInt8](repeating: 0, count: 8192)
    let count = fread(&bytes, 1, bytes.count, file)
    let text = String(decoding: bytes.prefix(count), as: UTF8.self)
    return text.split(separator: "\n").suffix(lines).joined(separator: "\n")
  }
}

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// What lies in a folder of pictures. One that is there and cannot be looked into is an error: it must not pass for an
/// empty one.
package enum FolderListing {
  package enum Kind: Sendable, Equatable {
    case folder, link
    /// Anything else.
    case file
  }

  package struct Entry: Sendable {
    package let name: String
    /// What it is, links not followed.
    package let kind: Kind
    /// Whether the name is not UTF-8 and ``FileName`` has made a text of it.
    package let isSpelledOut: Bool
  }

  package struct Failure: Error, CustomStringConvertible {
    let path: String
    let code: Int32

    /// There is no such thing.
    package var isAbsence: Bool { code == ENOENT || code == ENOTDIR }
    package var description: String { "\(path) cannot be read: \(String(cString: strerror(code)))" }
  }

  /// What systems and archives leave in folders, which nobody has to be able to read.
  private static let clutter: Set<String> = [
    "__MACOSX", "lost+found", "$RECYCLE.BIN", "System Volume Information",
  ]

  /// Everything in a folder, in the filesystem's order; hidden ones and clutter are left
  /// out. Most filesystems tell the kind with the name: asking for each of 100,000 costs a request each where a bucket
  /// is mounted.
  /// - Parameter place: what is opened for the folder, where its path is one of ``FileName/text(_:)``.
  package static func entries(
    of folder: String, at place: [CChar]? = nil
  ) throws(Failure) -> [Entry] {
    let place = place ?? Array(folder.utf8CString)
    guard let stream = opendir(place) else { throw Failure(path: folder, code: errno) }
    defer { closedir(stream) }
    var found: [Entry] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        guard errno == 0 else { throw Failure(path: folder, code: errno) }
        return found
      }
      let bytes = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      let name = FileName.text(bytes)
      guard !name.hasPrefix("."), !clutter.contains(name) else { continue }
      let kind: Kind =
        switch Int(entry.pointee.d_type) {
        case Int(DT_DIR): .folder
        case Int(DT_LNK): .link
        case Int(DT_UNKNOWN): Self.kind(of: bytes, in: stream)
        default: .file
        }
      found.append(Entry(name: name, kind: kind, isSpelledOut: !name.utf8.elementsEqual(bytes)))
    }
  }

  private static func kind(of name: [UInt8], in stream: OpaquePointer) -> Kind {
    var status = stat()
    let name = name.map(CChar.init(bitPattern:)) + [0]
    return fstatat(dirfd(stream), name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? kind(status) : .file
  }

  /// What a path leads to, links followed; nil where there is nothing.
  package static func kind(of path: String) throws(Failure) -> Kind? {
    var status = stat()
    guard stat(path, &status) != 0 else { return kind(status) }
    let code = errno
    var place = path
    // What is forbidden is to look into a folder above.
    while code == EACCES, stat(place, &status) != 0, let slash = place.lastIndex(of: "/"),
      slash > place.startIndex
    {
      place = String(place[..<slash])
    }
    let failure = Failure(path: place, code: code)
    guard failure.isAbsence else { throw failure }
    return nil
  }

  private static func kind(_ status: stat) -> Kind {
    switch status.st_mode & S_IFMT {
    case S_IFDIR: .folder
    case S_IFLNK: .link
    default: .file
    }
  }
}

/// Path arithmetic without a file system: links are not followed.
public enum AbsolutePath {
  /// The absolute path without ".", ".." and doubled slashes; nil for a relative path without a folder.
  public static func of(_ path: String, relativeTo folder: String?) -> String? {
    let whole: String
    if path.utf8.first == UInt8(ascii: "/") {
      whole = path
    } else if let folder, folder.utf8.first == UInt8(ascii: "/") {
      whole = folder + "/" + path
    } else {
      return nil
    }
    var parts: [Substring] = []
    for part in whole.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }
}

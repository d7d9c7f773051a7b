import FoundationEssentials
import Glibc
import OrderedJSON
import Yams

/// A job written as YAML (of which JSON is a part): read into a tree without loss of order, so that the
/// checks of `JobSpec` name keys as the file has them.
enum JobFile {
  struct Problem: Error, CustomStringConvertible {
    let description: String
  }

  static let mostBytes = 1 << 20

  /// - Returns: the tree, and the absolute folder of the file, from which its relative paths are taken.
  static func read(_ path: String) throws -> (tree: JSON, folder: String) {
    let (bytes, isFile) = try content(of: path)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Problem(description: "\(path) is not valid UTF-8")
    }
    let tree = try parse(text, name: path)
    let current = FileManager.default.currentDirectoryPath
    // What comes through a pipe, as <(…) does, lies in no folder of its own.
    guard isFile else { return (tree, current) }
    let absolute = path.hasPrefix("/") ? path : current + "/" + path
    let slash = absolute.lastIndex(of: "/") ?? absolute.startIndex
    return (tree, slash == absolute.startIndex ? "/" : String(absolute[..<slash]))
  }

  private static func content(of path: String) throws -> (bytes: [UInt8], isFile: Bool) {
    func failure() -> Problem {
      Problem(description: "the file \(path) cannot be read: \(String(cString: strerror(errno)))")
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure() }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure() }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count <= mostBytes {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure() }
      if count == 0 { return (bytes, status.st_mode & S_IFMT == S_IFREG) }
      bytes += buffer[..<count]
    }
    throw Problem(description: "\(path) has more than \(mostBytes) bytes, the most that such a file has")
  }

  static func parse(_ text: String, name: String) throws -> JSON {
    // Some editors put a byte order mark first, which the parser takes for a part of the first key.
    let text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    do {
      guard let node = try Yams.compose(yaml: text) else {
        throw Problem(
          description: "\(name) is empty; a job starts with 'kind: train', eval, rollout or score")
      }
      return try tree(node, name: name)
    } catch let error as YamlError {
      throw Problem(description: YAMLMistake(error, in: name).description)
    }
  }

  /// A value that stands alone: text without quotes or brackets is taken as it is.
  static func value(of text: String, name: String) throws -> JSON {
    let start = text.first { $0 != " " }
    guard let start, "[{'\"".contains(start) else {
      return value(Node.Scalar(text.trimmingCharacters(in: [" "]), Tag(.implicit), .plain))
    }
    return try parse(text, name: name)
  }

  private static func tree(_ node: Node, name: String) throws -> JSON {
    switch node {
    case .scalar(let scalar): return value(scalar)
    case .sequence(let sequence): return .array(try sequence.map { try tree($0, name: name) })
    case .mapping(let mapping):
      return .object(
        try mapping.map { key, value in
          guard case .scalar(let scalar) = key else {
            throw Problem(description: "\(name)\(line(key)): a key is plain text, not a list or an object")
          }
          return JSON.Member(scalar.string, try tree(value, name: name))
        })
    case .alias:
      throw Problem(
        description: "\(name)\(line(node)): aliases are not used in job files; write the value out")
    }
  }

  private static func line(_ node: Node) -> String { node.mark.map { ", line \($0.line)" } ?? "" }

  /// YAML 1.2's core schema: `no` and `on` are text, `5e-7` is a number, quotes make text of anything.
  private static func value(_ scalar: Node.Scalar) -> JSON {
    let text = scalar.string
    guard scalar.style == .plain || scalar.style == .any else { return .string(text) }
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    default:
      if let first = text.utf8.first, (48...57).contains(first) || first == 43 || first == 45 || first == 46 {
        if let number = Int(text) { return .integer(number) }
        if let number = Double(text), number.isFinite { return .number(number) }
      }
      return .string(text)
    }
  }
}

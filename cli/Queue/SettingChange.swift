import ArgumentParser
import OrderedJSON

/// A setting given on the command line as in a job file, "seed=2"; that of a group is named "resources.gpu=1".
struct SettingChange {
  let path: [String]
  /// nil takes the setting out.
  private let value: JSON?

  init(_ path: String..., to value: JSON) {
    self.path = path
    self.value = value
  }

  /// - Throws: `ValidationError` for a text that is not written so.
  init(parsing text: String) throws {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    path = (parts.first ?? "").split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, path.allSatisfy({ !$0.isEmpty }) else {
      throw ValidationError("--set \(text) is not written key=value")
    }
    // A tree's own nil would be null.
    value = parts[1].isEmpty ? JSON?.none : try JobFile.value(of: String(parts[1]), name: "--set \(parts[0])")
  }

  /// A job's tree with this in place of what it says.
  func applied(to tree: JSON) -> JSON { Self.replacing(path[...], in: tree, by: value) }

  private static func replacing(_ path: ArraySlice<String>, in tree: JSON, by value: JSON?) -> JSON {
    guard let key = path.first else { return value ?? .null }
    var members = tree.members ?? []
    let inner = members.first { $0.key == key }?.value
    var replacement = value
    if path.count > 1 {
      // A group with nothing in it may mean something else than none.
      if value == nil && inner?.members == nil { return tree }
      let changed = replacing(path.dropFirst(), in: inner ?? .object([]), by: value)
      replacement = value == nil && changed.members?.isEmpty == true ? nil : changed
    }
    if let index = members.firstIndex(where: { $0.key == key }) {
      if let replacement { members[index] = JSON.Member(key, replacement) } else { members.remove(at: index) }
    } else if let replacement {
      members.append(JSON.Member(key, replacement))
    }
    return .object(members)
  }
}

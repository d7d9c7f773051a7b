import OrderedJSON

extension SettingsReader {
  /// Of a task's memory, in bytes.
  private static let leastSize: Int64 = 1 << 20

  /// Bytes, as "40GB" or a number; 0 when not given.
  mutating func size(_ key: some CodingKey) -> Int64 {
    guard let value = find(key) else { return 0 }
    let bytes = value.string.flatMap(ByteSize.parse) ?? value.int.map(Int64.init)
    guard let bytes, keeps(bytes >= 0) else {
      problem(key, "found \(Self.describe(value)); allowed is a size such as 40GB or 512MiB")
      return 0
    }
    // Gigabytes were meant, and a few bytes would ask for nothing.
    guard keeps(bytes == 0 || bytes >= Self.leastSize) else {
      problem(
        key, "found \(Self.describe(value)), which is \(bytes) bytes; write it with its unit, such as 40GB")
      return 0
    }
    return bytes
  }

  /// Names with values, both short texts.
  mutating func labels(_ key: some CodingKey) -> [String: String] {
    guard let value = find(key) else { return [:] }
    guard case .object(let members) = value, keeps(members.count <= Label.most) else {
      problem(key, "found \(Self.describe(value)); allowed is an object of at most \(Label.most) labels")
      return [:]
    }
    var labels: [String: String] = [:]
    for member in members {
      // A number or a flag is what YAML makes of an unquoted text.
      let text = member.value.string ?? (member.value.isNull ? nil : member.value.serialized())
      guard let text, keeps(Label.isName(member.key) && Label.isValue(text)) else {
        problem(
          key, "found \(member.key.prefix(80)): \(Self.describe(member.value)); \(Label.rule)")
        continue
      }
      labels[member.key] = text
    }
    return labels
  }
}

/// The rules for labels of jobs and workers.
public enum Label {
  public static let most = 32
  public static let rule =
    "a label's name is 1 to 63 letters, digits, '-', '_', '.' or '/', its value one line of at most 120 characters"

  public static func isName(_ text: String) -> Bool {
    (1...63).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
          || [45, 46, 47, 95].contains(byte)
      }
  }

  public static func isValue(_ text: String) -> Bool {
    OneLine.holds(text, longest: 120)
  }

  /// "name=value"; nil when it is not one.
  public static func parse(_ text: String) -> (name: String, value: String)? {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, isName(String(parts[0])), isValue(String(parts[1])) else { return nil }
    return (String(parts[0]), String(parts[1]))
  }
}

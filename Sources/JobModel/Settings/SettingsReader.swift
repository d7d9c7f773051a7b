import OrderedJSON

/// Reads typed values from the members of an object, keeps the list of problems, and knows afterwards which
/// keys nobody asked for.
///
/// A reading function that finds a problem notes it and returns the default, so that one pass finds everything. What a
/// value is (a number, one of some names) is looked at always; which values are allowed is a rule, and rules are for what
/// is new.
struct SettingsReader {
  private let members: [JSON.Member]
  private let folder: String?
  private let prefix: String
  let isStored: Bool
  private var known: [String] = []
  private(set) var problems: [String] = []

  /// - Parameter isStored: the object was checked when it came; rules that have changed since have nothing to say.
  init(members: [JSON.Member], folder: String?, isStored: Bool, prefix: String = "") {
    self.members = members
    self.folder = folder
    self.isStored = isStored
    self.prefix = prefix
  }

  /// Whether a value is kept that a rule allows or not.
  func keeps(_ isAllowed: Bool) -> Bool { isAllowed || isStored }

  mutating func find(_ key: some CodingKey) -> JSON? {
    known.append(key.stringValue)
    guard let value = members.last(where: { $0.key == key.stringValue })?.value, value != .null else {
      return nil
    }
    return value
  }

  mutating func problem(_ key: some CodingKey, _ text: String) {
    problems.append("\(prefix)\(key.stringValue): \(text)")
  }

  /// What a rule has against a value, or against values beside each other.
  mutating func objection(_ key: some CodingKey, _ text: String) {
    if !isStored { problem(key, text) }
  }

  mutating func kind() -> JobKind? {
    let key = JobSpec.CommonKeys.kind
    let names = JobKind.allCases.map(\.rawValue)
    guard let value = find(key) else {
      problem(key, "is missing; it is one of \(names.joined(separator: ", "))")
      return nil
    }
    guard case .string(let name) = value, let kind = JobKind(rawValue: name) else {
      problem(key, "found \(Self.describe(value)); \(Self.choice(value, among: names))")
      return nil
    }
    return kind
  }

  mutating func integer(_ key: some CodingKey, default standard: Int, in range: ClosedRange<Int>) -> Int {
    optionalInteger(key, in: range) ?? standard
  }

  mutating func optionalInteger(_ key: some CodingKey, in range: ClosedRange<Int>) -> Int? {
    guard let value = find(key) else { return nil }
    guard let number = value.int, keeps(range.contains(number)) else {
      problem(
        key,
        "found \(Self.describe(value)); allowed is a whole number from \(range.lowerBound) to \(range.upperBound)"
          + Self.unquoted(value))
      return nil
    }
    return number
  }

  mutating func number(
    _ key: some CodingKey, default standard: Double, in range: ClosedRange<Double>
  ) -> Double {
    optionalNumber(key, in: range) ?? standard
  }

  mutating func optionalNumber(_ key: some CodingKey, in range: ClosedRange<Double>) -> Double? {
    guard let value = find(key) else { return nil }
    guard let number = value.double, keeps(range.contains(number)) else {
      problem(
        key,
        "found \(Self.describe(value)); allowed is a number from \(range.lowerBound) to \(range.upperBound)"
          + Self.unquoted(value))
      return nil
    }
    return number
  }

  mutating func flag(_ key: some CodingKey, default standard: Bool) -> Bool {
    guard let value = find(key) else { return standard }
    guard case .bool(let flag) = value else {
      problem(key, "found \(Self.describe(value)); allowed are true and false")
      return standard
    }
    return flag
  }

  mutating func text(_ key: some CodingKey, default standard: String, longest: Int) -> String {
    optionalText(key, longest: longest) ?? standard
  }

  mutating func optionalText(_ key: some CodingKey, longest: Int) -> String? {
    guard let value = find(key) else { return nil }
    guard case .string(let text) = value,
      keeps(
        !text.isEmpty && OneLine.holds(text, longest: longest))
    else {
      // A number or a flag is what YAML makes of an unquoted text.
      let cure = value.int != nil || value.double != nil || value.bool != nil ? "; put it in quotes" : ""
      problem(
        key,
        "found \(Self.describe(value)); allowed is one line of text of 1 to \(longest) characters\(cure)")
      return nil
    }
    return text
  }

  /// A value out of a closed list of names.
  mutating func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: some CodingKey, default standard: Choice
  ) -> Choice where Choice.RawValue == String {
    optionalChoice(key) ?? standard
  }

  mutating func optionalChoice<Choice: RawRepresentable & CaseIterable>(
    _ key: some CodingKey
  ) -> Choice? where Choice.RawValue == String {
    guard let value = find(key) else { return nil }
    guard case .string(let name) = value, let choice = Choice(rawValue: name) else {
      problem(
        key,
        "found \(Self.describe(value)); \(Self.choice(value, among: Choice.allCases.map(\.rawValue)))")
      return nil
    }
    return choice
  }

  mutating func choices<Choice: RawRepresentable & CaseIterable>(
    _ key: some CodingKey, of type: Choice.Type
  ) -> [Choice]? where Choice.RawValue == String {
    guard let value = find(key) else { return nil }
    let names = Choice.allCases.map(\.rawValue)
    guard case .array(let values) = value, keeps(!values.isEmpty) else {
      problem(
        key,
        "found \(Self.describe(value)); allowed is a list of one or more of \(names.joined(separator: ", "))")
      return nil
    }
    var found: [Choice] = []
    for value in values {
      if case .string(let name) = value, let choice = Choice(rawValue: name) {
        if !found.contains(where: { $0.rawValue == choice.rawValue }) { found.append(choice) }
      } else {
        problem(key, "found \(Self.describe(value)) in the list; \(Self.choice(value, among: names))")
      }
    }
    return found
  }

  mutating func path(_ key: some CodingKey, meaning: String) -> String {
    let before = problems.count
    if let path = optionalPath(key) { return path }
    if problems.count == before { problem(key, "is missing; it names \(meaning)") }
    return ""
  }

  mutating func optionalPath(_ key: some CodingKey) -> String? {
    guard let value = find(key) else { return nil }
    return absolutePath(key, value)
  }

  private mutating func absolutePath(_ key: some CodingKey, _ value: JSON) -> String? {
    guard case .string(let path) = value,
      keeps(
        !path.isEmpty && path.utf8.count <= 4096 && !path.unicodeScalars.contains(where: { $0.value < 32 }))
    else {
      problem(key, "found \(Self.describe(value)); allowed is a path of at most 4096 bytes")
      return nil
    }
    // It was made absolute when it came.
    if isStored { return path }
    if let scheme = Self.scheme(of: path) {
      problem(
        key,
        "found the address '\(path.prefix(60))'; jobs read files: mount what \(scheme):// leads to on the workers' "
          + "machines (mount-s3, s3fs, rclone mount) and name the folder")
      return nil
    }
    if path == "~" || path.hasPrefix("~/") || path.hasPrefix("$") {
      problem(
        key,
        "found '\(path.prefix(60))'; only a shell puts a folder in the place of '~' or a variable: write it out, "
          + "or './' before it where it is a name")
      return nil
    }
    guard let absolute = AbsolutePath.of(path, relativeTo: folder) else {
      problem(key, "found the relative path '\(path)'; allowed is an absolute path here")
      return nil
    }
    return absolute
  }

  /// "s3" of "s3://bucket/pictures"; nil for a path.
  private static func scheme(of path: String) -> String? {
    guard let colon = path.firstIndex(of: ":"), path[colon...].hasPrefix("://") else { return nil }
    let scheme = path[..<colon]
    let isScheme = scheme.utf8.allSatisfy {
      $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A || (0x30...0x39).contains($0)
    }
    return isScheme && !scheme.isEmpty ? String(scheme) : nil
  }

  /// One path or a list of them; empty when absent.
  mutating func paths(_ key: some CodingKey, atMost most: Int) -> [String] {
    guard let value = find(key) else { return [] }
    let values = value.array ?? [value]
    guard keeps(values.count <= most) else {
      problem(key, "found \(Self.describe(value)); allowed is a path or a list of at most \(most) of them")
      return []
    }
    return values.compactMap { absolutePath(key, $0) }
  }

  /// "1%" or a number of things.
  mutating func errorBudget(_ key: some CodingKey) -> ErrorBudget? {
    guard let value = find(key) else { return nil }
    if let budget = ErrorBudget(value) { return budget }
    problem(
      key,
      "found \(Self.describe(value)); allowed is a share such as '1%' or '0.5%', or a whole number of images")
    return nil
  }

  mutating func group<Value>(
    _ key: some CodingKey, default standard: Value, read: (inout SettingsReader) -> Value
  ) -> Value {
    guard let value = find(key) else { return standard }
    guard case .object(let members) = value else {
      problem(key, "found \(Self.describe(value)); allowed is an object of settings")
      return standard
    }
    var inner = SettingsReader(
      members: members, folder: folder, isStored: isStored, prefix: "\(prefix)\(key.stringValue).")
    let result = read(&inner)
    inner.noteUnknownKeys(in: "\(prefix)\(key.stringValue)")
    problems += inner.problems
    return result
  }

  /// More are not told of: whoever sends so many does not read them.
  private static let mostProblems = 20

  private mutating func noteUnknownKeys(in place: String) {
    for member in members where !known.contains(member.key) {
      guard problems.count < Self.mostProblems else { return }
      var text = "unknown key '\(prefix)\(member.key.prefix(60))' in \(place)"
      if let nearest = Spelling.nearest(to: member.key, among: known) {
        text += "; did you mean '\(prefix)\(nearest)'?"
      } else {
        text += "; known keys are \(known.sorted().joined(separator: ", "))"
      }
      problems.append(text)
    }
  }

  mutating func finish(kind: JobKind) throws(JobSpecError) {
    noteUnknownKeys(in: "a job of kind \(kind.rawValue)")
    if !problems.isEmpty { throw JobSpecError(problems) }
  }

  /// The cure for a number in quotes.
  private static func unquoted(_ value: JSON) -> String {
    value.string.flatMap(Double.init) == nil ? "" : "; write it without quotes"
  }

  static func choice(_ value: JSON, among names: [String]) -> String {
    let list = "allowed is one of \(names.joined(separator: ", "))"
    guard case .string(let name) = value, let nearest = Spelling.nearest(to: name, among: names) else {
      return list
    }
    return "\(list); did you mean '\(nearest)'?"
  }

  /// A value in words, short enough for a message.
  static func describe(_ value: JSON) -> String {
    switch value {
    case .null: "nothing"
    case .bool(let flag): "\(flag)"
    case .integer(let number): "\(number)"
    case .number(let number): "\(number)"
    case .string(let text): "'\(text.prefix(60))'"
    case .array(let values): "a list of \(values.count)"
    case .object(let members): "an object of \(members.count) keys"
    }
  }
}

public import OrderedJSON

extension JSON {
  /// The tree of an encodable value; keys in the order in which they are encoded, each once.
  /// - Throws: `EncodingError` for numbers that JSON cannot hold.
  public init(encoding value: some Encodable) throws {
    let node = TreeNode(.root, parent: nil)
    try TreeEncoder(node: node).encode(value)
    self = node.tree
  }
}

/// A place in the tree that is filled while encoding.
private final class TreeNode {
  /// What stands in a container: most values are leaves and need no place of their own.
  enum Part {
    case leaf(JSON)
    case node(TreeNode)

    var tree: JSON {
      switch self {
      case .leaf(let value): value
      case .node(let node): node.tree
      }
    }
  }

  enum Place {
    case root
    case key(any CodingKey)
    case index(Int)
  }

  private enum Content {
    case empty
    case leaf(JSON)
    case list([Part])
    case members([(key: String, part: Part)])
  }

  private var content = Content.empty
  private let place: Place
  /// It holds this one.
  private unowned let parent: TreeNode?

  init(_ place: Place, parent: TreeNode?) {
    self.place = place
    self.parent = parent
  }

  var tree: JSON {
    switch content {
    case .empty: .object([])
    case .leaf(let value): value
    case .list(let parts): .array(parts.map(\.tree))
    case .members(let members): .object(members.map { JSON.Member($0.key, $0.part.tree) })
    }
  }

  var codingPath: [any CodingKey] {
    switch place {
    case .root: []
    case .key(let key): (parent?.codingPath ?? []) + [key]
    case .index(let index): (parent?.codingPath ?? []) + [AnyKey(intValue: index)]
    }
  }

  var count: Int { if case .list(let parts) = content { parts.count } else { 0 } }

  func becomeMembers() {
    if case .members = content { return }
    content = .members([])
  }

  func becomeList() {
    if case .list = content { return }
    content = .list([])
  }

  func becomeLeaf(_ value: JSON) { content = .leaf(value) }

  func add(_ part: Part, _ key: String) {
    guard case .members(var members) = content else { return }
    assert(!members.contains { $0.key == key }, "'\(key)' is encoded twice")
    content = .empty  // so that the members are changed in place
    members.append((key, part))
    content = .members(members)
  }

  func add(_ part: Part) {
    guard case .list(var parts) = content else { return }
    content = .empty
    parts.append(part)
    content = .list(parts)
  }

  func child(_ key: some CodingKey) -> TreeNode {
    let node = TreeNode(.key(key), parent: self)
    add(.node(node), key.stringValue)
    return node
  }

  func child() -> TreeNode {
    let node = TreeNode(.index(count), parent: self)
    add(.node(node))
    return node
  }
}

/// - Parameter path: where it stands.
private func number(_ value: Double, at path: @autoclosure () -> [any CodingKey]) throws -> JSON {
  guard value.isFinite else {
    throw EncodingError.invalidValue(
      value, .init(codingPath: path(), debugDescription: "JSON cannot hold the number \(value)"))
  }
  return .number(value)
}

/// Integers beyond 63 bits are written as strings of digits.
private func whole(_ value: some BinaryInteger) -> JSON {
  Int(exactly: value).map { .integer($0) } ?? .string("\(value)")
}

/// The most frequent kinds of values, of which lists may have many, without asking them; nil for others.
private func leaf<T: Encodable>(_ value: T, at path: @autoclosure () -> [any CodingKey]) throws -> JSON? {
  if T.self == Int.self { return (value as? Int).map { .integer($0) } }
  if T.self == Double.self { return try (value as? Double).map { try number($0, at: path()) } }
  if T.self == Float.self { return try (value as? Float).map { try number(Double($0), at: path()) } }
  if T.self == String.self { return (value as? String).map { .string($0) } }
  return value as? JSON
}

private struct TreeEncoder: Encoder {
  let node: TreeNode
  var codingPath: [any CodingKey] { node.codingPath }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    node.becomeMembers()
    return KeyedEncodingContainer(Keyed<Key>(node: node))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    node.becomeList()
    return Unkeyed(node: node)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { Single(node: node) }

  func encode(_ value: some Encodable) throws {
    if let leaf = try leaf(value, at: codingPath) {
      node.becomeLeaf(leaf)
    } else {
      try value.encode(to: self)
    }
  }
}

private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let node: TreeNode
  var codingPath: [any CodingKey] { node.codingPath }

  private func add(_ value: JSON, _ key: Key) { node.add(.leaf(value), key.stringValue) }

  mutating func encodeNil(forKey key: Key) { add(.null, key) }
  mutating func encode(_ value: Bool, forKey key: Key) { add(.bool(value), key) }
  mutating func encode(_ value: String, forKey key: Key) { add(.string(value), key) }
  mutating func encode(_ value: Double, forKey key: Key) throws {
    add(try number(value, at: codingPath + [key]), key)
  }
  mutating func encode(_ value: Float, forKey key: Key) throws { try encode(Double(value), forKey: key) }
  mutating func encode(_ value: Int, forKey key: Key) { add(.integer(value), key) }
  mutating func encode(_ value: Int64, forKey key: Key) { add(whole(value), key) }
  mutating func encode(_ value: UInt64, forKey key: Key) { add(whole(value), key) }
  mutating func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
    if let leaf = try leaf(value, at: codingPath + [key]) { return add(leaf, key) }
    try value.encode(to: TreeEncoder(node: node.child(key)))
  }
  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy keyType: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    TreeEncoder(node: node.child(key)).container(keyedBy: keyType)
  }
  mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    TreeEncoder(node: node.child(key)).unkeyedContainer()
  }
  mutating func superEncoder() -> any Encoder { TreeEncoder(node: node.child(AnyKey("super"))) }
  mutating func superEncoder(forKey key: Key) -> any Encoder { TreeEncoder(node: node.child(key)) }
}

private struct Unkeyed: UnkeyedEncodingContainer {
  let node: TreeNode
  var codingPath: [any CodingKey] { node.codingPath }
  var count: Int { node.count }

  /// Of the next value.
  private var path: [any CodingKey] { codingPath + [AnyKey(intValue: count)] }
  private func add(_ value: JSON) { node.add(.leaf(value)) }

  mutating func encodeNil() { add(.null) }
  mutating func encode(_ value: Bool) { add(.bool(value)) }
  mutating func encode(_ value: String) { add(.string(value)) }
  mutating func encode(_ value: Double) throws { add(try number(value, at: path)) }
  mutating func encode(_ value: Float) throws { try encode(Double(value)) }
  mutating func encode(_ value: Int) { add(.integer(value)) }
  mutating func encode(_ value: Int64) { add(whole(value)) }
  mutating func encode(_ value: UInt64) { add(whole(value)) }
  mutating func encode<T: Encodable>(_ value: T) throws {
    if let leaf = try leaf(value, at: path) { return add(leaf) }
    try value.encode(to: TreeEncoder(node: node.child()))
  }
  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy keyType: Nested.Type
  ) -> KeyedEncodingContainer<Nested> {
    TreeEncoder(node: node.child()).container(keyedBy: keyType)
  }
  mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    TreeEncoder(node: node.child()).unkeyedContainer()
  }
  mutating func superEncoder() -> any Encoder { TreeEncoder(node: node.child()) }
}

private struct Single: SingleValueEncodingContainer {
  let node: TreeNode
  var codingPath: [any CodingKey] { node.codingPath }

  mutating func encodeNil() { node.becomeLeaf(.null) }
  mutating func encode(_ value: Bool) { node.becomeLeaf(.bool(value)) }
  mutating func encode(_ value: String) { node.becomeLeaf(.string(value)) }
  mutating func encode(_ value: Double) throws { node.becomeLeaf(try number(value, at: codingPath)) }
  mutating func encode(_ value: Float) throws { try encode(Double(value)) }
  mutating func encode(_ value: Int) { node.becomeLeaf(.integer(value)) }
  mutating func encode(_ value: Int8) { node.becomeLeaf(whole(value)) }
  mutating func encode(_ value: Int16) { node.becomeLeaf(whole(value)) }
  mutating func encode(_ value: Int32) { node.becomeLeaf(whole(value)) }
  mutating func encode(_ value: Int64) { node.becomeLeaf(whole(value)) }
  mutating func encode(_ value: UInt) { node.becomeLeaf(whole(value)) }
  mutating func encode(_ value: UInt8) { node.becomeLeaf(whole(value)) }
  mutating func encode(_ value: UInt16) { node.becomeLeaf(whole(value)) }
  mutating func encode(_ value: UInt32) { node.becomeLeaf(whole(value)) }
  mutating func encode(_ value: UInt64) { node.becomeLeaf(whole(value)) }
  mutating func encode<T: Encodable>(_ value: T) throws { try TreeEncoder(node: node).encode(value) }
}

public import OrderedJSON

extension JSON {
  /// The tree of an encodable value; keys in the order in which they are encoded.
  /// - Throws: `EncodingError` for numbers that JSON cannot hold.
  public init(encoding value: some Encodable) throws {
    let node = TreeNode()
    try TreeEncoder(node: node, codingPath: []).encode(value)
    self = node.tree
  }
}

/// A place in the tree that is filled while encoding.
private final class TreeNode {
  enum Content {
    case empty
    case leaf(JSON)
    case list([TreeNode])
    case members([(String, TreeNode)])
  }
  var content = Content.empty

  var tree: JSON {
    switch content {
    case .empty: .object([])
    case .leaf(let value): value
    case .list(let nodes): .array(nodes.map(\.tree))
    case .members(let members): .object(members.map { JSON.Member($0.0, $0.1.tree) })
    }
  }

  func becomeMembers() {
    if case .members = content { return }
    content = .members([])
  }

  func becomeList() {
    if case .list = content { return }
    content = .list([])
  }

  func child(_ key: String) -> TreeNode {
    let node = TreeNode()
    if case .members(var members) = content {
      content = .empty
      if let index = members.firstIndex(where: { $0.0 == key }) {
        members[index].1 = node
      } else {
        members.append((key, node))
      }
      content = .members(members)
    }
    return node
  }

  func append() -> TreeNode {
    let node = TreeNode()
    if case .list(var nodes) = content {
      content = .empty
      nodes.append(node)
      content = .list(nodes)
    }
    return node
  }

  var count: Int { if case .list(let nodes) = content { nodes.count } else { 0 } }
}

private struct TreeEncoder: Encoder {
  let node: TreeNode
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    node.becomeMembers()
    return KeyedEncodingContainer(Keyed<Key>(node: node, codingPath: codingPath))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    node.becomeList()
    return Unkeyed(node: node, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer {
    Single(node: node, codingPath: codingPath)
  }

  func encode(_ value: some Encodable) throws {
    if let tree = value as? JSON {
      node.content = .leaf(tree)
    } else if let leaf = try leaf(value) {
      node.content = .leaf(leaf)
    } else {
      try value.encode(to: self)
    }
  }

  private func leaf(_ value: some Encodable) throws -> JSON? {
    switch value {
    case let value as String: return .string(value)
    case let value as Bool: return .bool(value)
    case let value as Double: return try number(value, finite: value.isFinite)
    case let value as Float: return try number(Double(value), finite: value.isFinite)
    case let value as any BinaryInteger:
      guard let whole = Int(exactly: value) else { return .string("\(value)") }
      return .integer(whole)
    default: return nil
    }
  }

  private func number(_ value: Double, finite: Bool) throws -> JSON {
    guard finite else {
      throw EncodingError.invalidValue(
        value, .init(codingPath: codingPath, debugDescription: "JSON cannot hold the number \(value)"))
    }
    return .number(value)
  }
}

private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let node: TreeNode
  let codingPath: [any CodingKey]

  private func encoder(_ key: Key) -> TreeEncoder {
    TreeEncoder(node: node.child(key.stringValue), codingPath: codingPath + [key])
  }
  mutating func encodeNil(forKey key: Key) throws { node.child(key.stringValue).content = .leaf(.null) }
  mutating func encode<T: Encodable>(_ value: T, forKey key: Key) throws { try encoder(key).encode(value) }
  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy keyType: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    encoder(key).container(keyedBy: keyType)
  }
  mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    encoder(key).unkeyedContainer()
  }
  mutating func superEncoder() -> any Encoder {
    TreeEncoder(node: node.child("super"), codingPath: codingPath)
  }
  mutating func superEncoder(forKey key: Key) -> any Encoder { encoder(key) }
}

private struct Unkeyed: UnkeyedEncodingContainer {
  let node: TreeNode
  let codingPath: [any CodingKey]
  var count: Int { node.count }

  private func encoder() -> TreeEncoder { TreeEncoder(node: node.append(), codingPath: codingPath) }
  mutating func encodeNil() throws { node.append().content = .leaf(.null) }
  mutating func encode<T: Encodable>(_ value: T) throws { try encoder().encode(value) }
  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy keyType: Nested.Type
  ) -> KeyedEncodingContainer<Nested> {
    encoder().container(keyedBy: keyType)
  }
  mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder().unkeyedContainer() }
  mutating func superEncoder() -> any Encoder { encoder() }
}

private struct Single: SingleValueEncodingContainer {
  let node: TreeNode
  let codingPath: [any CodingKey]
  mutating func encodeNil() throws { node.content = .leaf(.null) }
  mutating func encode<T: Encodable>(_ value: T) throws {
    try TreeEncoder(node: node, codingPath: codingPath).encode(value)
  }
}

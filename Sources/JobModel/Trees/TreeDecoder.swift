public import OrderedJSON

extension JSON {
  /// Reads a decodable value from the tree.
  /// - Throws: `DecodingError` naming the place.
  public func decode<T: Decodable>(_ type: T.Type) throws -> T {
    try TreeDecoder(tree: self, codingPath: []).decode(type)
  }
}

struct TreeDecoder: Decoder, SingleValueDecodingContainer {
  let tree: JSON
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard let members = tree.members else { throw mismatch([String: JSON].self, "an object") }
    return KeyedDecodingContainer(KeyedTree<Key>(members: members, codingPath: codingPath))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard let values = tree.array else { throw mismatch([JSON].self, "an array") }
    return UnkeyedTree(values: values, codingPath: codingPath)
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

  func mismatch(_ type: Any.Type, _ wanted: String) -> DecodingError {
    .typeMismatch(
      type, .init(codingPath: codingPath, debugDescription: "expected \(wanted), found \(tree.kind)"))
  }

  func decodeNil() -> Bool { tree.isNull }

  func decode(_ type: Bool.Type) throws -> Bool {
    guard let value = tree.bool else { throw mismatch(type, "a boolean") }
    return value
  }
  func decode(_ type: String.Type) throws -> String {
    guard let value = tree.string else { throw mismatch(type, "a string") }
    return value
  }
  func decode(_ type: Double.Type) throws -> Double {
    guard let value = tree.double else { throw mismatch(type, "a number") }
    return value
  }
  func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
  func decode(_ type: Int.Type) throws -> Int { try integer(type) }
  func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
  func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
  func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
  func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
  func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }

  /// Integers beyond 63 bits are written as strings of digits.
  private func integer<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
    if let whole = tree.int, let value = T(exactly: whole) { return value }
    if let text = tree.string, let value = T(text) { return value }
    throw mismatch(type, "a whole number that fits \(type)")
  }

  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    try T(from: self)
  }
}

private struct KeyedTree<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let members: [JSON.Member]
  let codingPath: [any CodingKey]
  var allKeys: [Key] { members.compactMap { Key(stringValue: $0.key) } }

  private func find(_ name: String) -> JSON? { members.last { $0.key == name }?.value }

  private func decoder(_ key: Key) throws -> TreeDecoder {
    guard let value = find(key.stringValue) else {
      throw DecodingError.keyNotFound(
        key, .init(codingPath: codingPath, debugDescription: "no member '\(key.stringValue)'"))
    }
    return TreeDecoder(tree: value, codingPath: codingPath + [key])
  }

  func contains(_ key: Key) -> Bool { find(key.stringValue) != nil }
  func decodeNil(forKey key: Key) throws -> Bool { try decoder(key).decodeNil() }
  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try decoder(key).decode(type) }
  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    try decoder(key).container(keyedBy: type)
  }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try decoder(key).unkeyedContainer()
  }
  func superDecoder() throws -> any Decoder {
    TreeDecoder(tree: find("super") ?? .null, codingPath: codingPath)
  }
  func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }
}

private struct UnkeyedTree: UnkeyedDecodingContainer {
  let values: [JSON]
  let codingPath: [any CodingKey]
  var currentIndex = 0
  var count: Int? { values.count }
  var isAtEnd: Bool { currentIndex >= values.count }

  init(values: [JSON], codingPath: [any CodingKey]) {
    self.values = values
    self.codingPath = codingPath
  }

  private mutating func next() throws -> TreeDecoder {
    guard currentIndex < values.count else {
      throw DecodingError.valueNotFound(
        JSON.self,
        .init(codingPath: codingPath, debugDescription: "the array has only \(values.count) values"))
    }
    defer { currentIndex += 1 }
    return TreeDecoder(tree: values[currentIndex], codingPath: codingPath + [AnyKey(String(currentIndex))])
  }

  mutating func decodeNil() throws -> Bool {
    guard currentIndex < values.count, values[currentIndex].isNull else { return false }
    currentIndex += 1
    return true
  }
  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try next().decode(type) }
  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> {
    try next().container(keyedBy: type)
  }
  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try next().unkeyedContainer()
  }
  mutating func superDecoder() throws -> any Decoder { try next() }
}

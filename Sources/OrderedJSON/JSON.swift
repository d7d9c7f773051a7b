/// A JSON value whose objects keep the order of the file.
///
/// Whole numbers that fit 64 bits are `integer`, everything else `number`, so that identifiers and sizes
/// never pass through floating point. Strings are compared byte by byte when a key is looked up: canonically
/// equivalent keys are different keys, as the standard has it.
public enum JSON: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSON])
  case object([Member])

  /// One key of an object with its value.
  public struct Member: Sendable, Equatable {
    public let key: String
    public let value: JSON

    public init(_ key: String, _ value: JSON) {
      self.key = key
      self.value = value
    }
  }
}

// MARK: - Reading values

extension JSON {
  /// The member of an object; nil when there is none or this is not an object.
  public subscript(key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.key.hasSameBytes(as: key) }?.value
  }

  /// The element of an array; nil when there is none or this is not an array.
  public subscript(index: Int) -> JSON? {
    guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
    return elements[index]
  }

  public var isNull: Bool { self == .null }

  public var string: String? {
    if case .string(let value) = self { value } else { nil }
  }

  /// A whole number, also one written with a fraction of zero or an exponent (`1e6`).
  public var int: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  /// Any number; whole ones are converted.
  public var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  public var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  public var array: [JSON]? {
    if case .array(let value) = self { value } else { nil }
  }

  /// The members of an object in the order of the file.
  public var members: [Member]? {
    if case .object(let value) = self { value } else { nil }
  }

  /// What kind of value this is, for messages: "a string", "an object" …
  public var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .integer: "a whole number"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

// MARK: - Building values

extension JSON {
  /// The number with the fewest digits that reads back as this single-precision value.
  public init(_ value: Float) {
    self = .number(value.isFinite ? Double(value.description) ?? Double(value) : Double(value))
  }

  /// This object with `key` set to `value`: in place when it is there, at the end otherwise.
  /// Any other kind of value becomes an object of this one member.
  public func setting(_ key: String, to value: JSON) -> JSON {
    var members = self.members ?? []
    if let index = members.lastIndex(where: { $0.key.hasSameBytes(as: key) }) {
      members[index] = Member(key, value)
    } else {
      members.append(Member(key, value))
    }
    return .object(members)
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(nilLiteral: ()) { self = .null }
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }

  /// Keeps the order in which the members are written.
  public init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(elements.map { Member($0.0, $0.1) })
  }
}

extension String {
  /// Equality of the UTF-8 bytes; `==` would also accept canonically equivalent strings.
  func hasSameBytes(as other: String) -> Bool {
    let mine = utf8
    let theirs = other.utf8
    return mine.count == theirs.count && mine.elementsEqual(theirs)
  }
}

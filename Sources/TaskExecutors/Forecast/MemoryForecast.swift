/// Bytes by what they are for, the largest first where it matters to people.
package struct MemoryForecast: Sendable {
  package struct Item: Sendable {
    package let name: String
    package let bytes: Int
  }

  package private(set) var items: [Item] = []

  package var bytes: Int { items.reduce(0) { $0 + $1.bytes } }

  /// Adds what takes `count` numbers of float32; nothing takes no line.
  mutating func add(_ name: String, floats count: Int) {
    if count > 0 { items.append(Item(name: name, bytes: 4 * count)) }
  }
}

/// Bytes by what they are for, the largest first where it matters to people.
package struct MemoryForecast: Sendable {
  package struct Item: Sendable {
    package let name: String
    package let bytes: Int
  }

  package private(set) var items: [Item] = []

  package var bytes: Int { items.reduce(0) { $0 + $1.bytes } }

  /// Adds what takes `count` numbers of `width` bytes, float32 if not said; nothing takes no line.
  mutating func add(_ name: String, _ count: Int, width: Int = 4) {
    if count > 0 { items.append(Item(name: name, bytes: width * count)) }
  }
}

/// The values used last, by what they were made from.
struct RecentValues<Key: Equatable, Value> {
  private var entries: [(key: Key, value: Value)] = []
  private let capacity: Int

  init(capacity: Int) { self.capacity = capacity }

  var values: [Value] { entries.map(\.value) }

  mutating func value(of key: Key) -> Value? {
    guard let index = entries.lastIndex(where: { $0.key == key }) else { return nil }
    // It is the last that has to go.
    let entry = entries.remove(at: index)
    entries.append(entry)
    return entry.value
  }

  /// - Returns: the value that has to go for it, the one that has not been asked for longest.
  mutating func keep(_ value: Value, of key: Key) -> Value? {
    let gone = entries.count == capacity ? entries.removeFirst().value : nil
    entries.append((key, value))
    return gone
  }
}

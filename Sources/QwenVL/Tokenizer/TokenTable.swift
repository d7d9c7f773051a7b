/// Tokens as byte strings in one buffer with an index from bytes to identifier.
///
/// Bytes and not `String`, whose equality would merge canonically equivalent tokens.
struct TokenTable: Sendable {
  private var text: [UInt8] = []
  /// Where the token of each identifier lies in `text`; empty for identifiers without one.
  private var ranges: [Range<Int>] = []
  /// Open addressing: identifier plus one, or 0.
  private var slots: [Int32]
  private(set) var count = 0

  init(capacity: Int) {
    var size = 1024
    while size < capacity * 2 { size *= 2 }
    slots = Array(repeating: 0, count: size)
    ranges.reserveCapacity(capacity)
    text.reserveCapacity(capacity * 8)
  }

  /// One more than the largest identifier.
  var idCount: Int { ranges.count }

  /// Adds a token; false when these bytes or this identifier are already taken.
  mutating func insert(_ token: UnsafeBufferPointer<UInt8>, id: Int) -> Bool {
    if count * 2 >= slots.count { grow() }
    while ranges.count <= id { ranges.append(0..<0) }
    guard ranges[id].isEmpty else { return false }
    let slot = slot(of: token)
    guard slots[slot] == 0 else { return false }
    slots[slot] = Int32(id + 1)
    ranges[id] = text.count..<text.count + token.count
    text += token
    count += 1
    return true
  }

  func id(of token: UnsafeBufferPointer<UInt8>) -> Int? {
    let found = slots[slot(of: token)]
    return found == 0 ? nil : Int(found) - 1
  }

  func id(of token: [UInt8]) -> Int? { token.withUnsafeBufferPointer(id(of:)) }

  /// Calls `body` with the bytes of a token; nil when there is none.
  func withToken<Result>(_ id: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result? {
    guard ranges.indices.contains(id), !ranges[id].isEmpty else { return nil }
    return text.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[ranges[id]])) }
  }

  private mutating func grow() {
    slots = Array(repeating: 0, count: slots.count * 2)
    for id in ranges.indices where !ranges[id].isEmpty {
      let free = text.withUnsafeBufferPointer { self.slot(of: UnsafeBufferPointer(rebasing: $0[ranges[id]])) }
      slots[free] = Int32(id + 1)
    }
  }

  private func slot(of token: UnsafeBufferPointer<UInt8>) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in token { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash ^ hash >> 32) & mask
    while slots[slot] != 0 {
      let range = ranges[Int(slots[slot]) - 1]
      let same =
        range.count == token.count
        && text.withUnsafeBufferPointer { UnsafeBufferPointer(rebasing: $0[range]).elementsEqual(token) }
      if same { return slot }
      slot = (slot + 1) & mask
    }
    return slot
  }
}

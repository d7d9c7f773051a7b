/// Tokens as byte strings in one buffer with an index from bytes to identifier.
///
/// Bytes and not `String`, whose equality would merge canonically equivalent tokens.
struct TokenTable: Sendable {
  private var text: [UInt8] = []
  /// Where the token of each identifier lies in `text`; empty for identifiers without one.
  private var ranges: [Range<Int>] = []
  /// Open addressing: identifier plus one in the lower half, or 0; the upper half of the hash in the upper one, so that
  /// hardly ever a token is looked at that is another.
  private var slots: [UInt64]
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
    let hash = Self.hash(token)
    let slot = slot(of: token, hash)
    guard slots[slot] == 0 else { return false }
    slots[slot] = Self.entry(hash, id)
    ranges[id] = text.count..<text.count + token.count
    text += token
    count += 1
    return true
  }

  func id(of token: UnsafeBufferPointer<UInt8>) -> Int? {
    let found = slots[slot(of: token, Self.hash(token))]
    return found == 0 ? nil : Self.id(found)
  }

  func id(of token: [UInt8]) -> Int? { token.withUnsafeBufferPointer(id(of:)) }

  /// Whether a token consists of the bytes of these two.
  func isToken(_ id: Int, _ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Bool {
    guard ranges.indices.contains(id), ranges[id].count == left.count + right.count else { return false }
    return text.withUnsafeBufferPointer { text in
      let token = UnsafeBufferPointer(rebasing: text[ranges[id]])
      return token.starts(with: left) && token.dropFirst(left.count).elementsEqual(right)
    }
  }

  /// Calls `body` with the bytes of a token; nil when there is none.
  func withToken<Result>(_ id: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result? {
    guard ranges.indices.contains(id), !ranges[id].isEmpty else { return nil }
    return text.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[ranges[id]])) }
  }

  private mutating func grow() {
    slots = Array(repeating: 0, count: slots.count * 2)
    for id in ranges.indices where !ranges[id].isEmpty {
      let (free, entry) = text.withUnsafeBufferPointer { text in
        let token = UnsafeBufferPointer(rebasing: text[ranges[id]])
        let hash = Self.hash(token)
        return (self.slot(of: token, hash), Self.entry(hash, id))
      }
      slots[free] = entry
    }
  }

  private static func entry(_ hash: UInt64, _ id: Int) -> UInt64 { (hash & ~0xFFFF_FFFF) | UInt64(id + 1) }

  private static func id(_ entry: UInt64) -> Int { Int(entry & 0xFFFF_FFFF) - 1 }

  /// Eight bytes at a time; each product is folded, as its lower bits know nothing of the upper ones.
  private static func hash(_ token: UnsafeBufferPointer<UInt8>) -> UInt64 {
    let bytes = UnsafeRawBufferPointer(token)
    var hash = UInt64(token.count) &* 0x9E37_79B9_7F4A_7C15
    var index = 0
    while index + 8 <= bytes.count {
      hash = folded(hash ^ bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      index += 8
    }
    var last: UInt64 = 0
    while index < bytes.count {
      last = last << 8 | UInt64(bytes[index])
      index += 1
    }
    return folded(hash ^ last)
  }

  private static func folded(_ value: UInt64) -> UInt64 {
    let product = value &* 0xD6E8_FEB8_6659_FD93
    return (product ^ product >> 32) &* 0x9E37_79B9_7F4A_7C15
  }

  private func slot(of token: UnsafeBufferPointer<UInt8>, _ hash: UInt64) -> Int {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash >> 16) & mask
    while slots[slot] != 0 {
      if slots[slot] >> 32 == hash >> 32, isToken(Self.id(slots[slot]), token) { return slot }
      slot = (slot + 1) & mask
    }
    return slot
  }

  private func isToken(_ id: Int, _ token: UnsafeBufferPointer<UInt8>) -> Bool {
    let range = ranges[id]
    guard range.count == token.count else { return false }
    return text.withUnsafeBufferPointer { text in
      for index in 0..<token.count where text[range.lowerBound + index] != token[index] { return false }
      return true
    }
  }
}

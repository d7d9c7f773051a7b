/// Which two neighbouring tokens become which one, and in which order of preference.
struct MergeTable: Sendable {
  /// Open addressing by the pair, both identifiers in one key; `unused` marks an empty slot.
  private var keys: [UInt64]
  /// Rank in the upper half, the merged token in the lower.
  private var values: [UInt64]
  private static let unused = UInt64.max

  init(capacity: Int) {
    var size = 1024
    while size < capacity * 2 { size *= 2 }
    keys = Array(repeating: Self.unused, count: size)
    values = Array(repeating: 0, count: size)
  }

  /// The table is as large as `init` was told; a pair that is already in it gets the new rank.
  mutating func insert(_ left: Int32, _ right: Int32, rank: Int, merged: Int) {
    let key = Self.key(left, right)
    let slot = slot(of: key)
    keys[slot] = key
    values[slot] = UInt64(rank) << 32 | UInt64(merged)
  }

  /// Rank and merged token of a pair; the lower the rank the earlier it is merged.
  @inline(__always)
  func merge(_ left: Int32, _ right: Int32) -> (rank: UInt32, merged: Int32)? {
    let slot = slot(of: Self.key(left, right))
    if keys[slot] == Self.unused { return nil }
    return (UInt32(values[slot] >> 32), Int32(truncatingIfNeeded: values[slot]))
  }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  private func slot(of key: UInt64) -> Int {
    let mask = keys.count - 1
    let product = key &* 0x9E37_79B9_7F4A_7C15
    var slot = Int(truncatingIfNeeded: product >> 32) & mask
    while keys[slot] != key, keys[slot] != Self.unused { slot = (slot + 1) & mask }
    return slot
  }
}

/// Members in order of first appearance in which a later duplicate of a key replaces the earlier one.
struct MemberList {
  private(set) var members: [JSON.Member] = []
  /// Open addressing over indices of `members` plus one; built once there are too many to compare them all.
  private var slots: [Int32] = []

  private static let fewEnoughToCompare = 8

  mutating func append(_ member: JSON.Member) {
    if slots.isEmpty {
      if let index = members.firstIndex(where: { $0.key.hasSameBytes(as: member.key) }) {
        members[index] = member
        return
      }
      members.append(member)
      if members.count > Self.fewEnoughToCompare { grow() }
      return
    }
    let slot = slot(of: member.key)
    if slots[slot] != 0 {
      members[Int(slots[slot]) - 1] = member
      return
    }
    members.append(member)
    slots[slot] = Int32(members.count)
    if members.count * 2 > slots.count { grow() }
  }

  private mutating func grow() {
    slots = Array(repeating: 0, count: max(32, slots.count * 4))
    for index in members.indices {
      slots[slot(of: members[index].key)] = Int32(index + 1)
    }
  }

  /// The slot that holds this key, or the empty one in which it belongs.
  private func slot(of key: String) -> Int {
    // The standard library's hash is seeded per process, so that a crafted file cannot make this quadratic.
    var hasher = Hasher()
    var text = key
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    let mask = slots.count - 1
    var slot = hasher.finalize() & mask
    while slots[slot] != 0, !members[Int(slots[slot]) - 1].key.hasSameBytes(as: key) {
      slot = (slot + 1) & mask
    }
    return slot
  }
}

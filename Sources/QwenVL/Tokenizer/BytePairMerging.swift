/// Byte-pair encoding of one piece: the pair of lowest rank is merged first, of equal ones the leftmost.
struct BytePairMerging: Sendable {
  let byteTokens: [Int32]
  let merges: MergeTable

  /// Above this many bytes a heap finds the next pair, below it a scan does.
  private static let scanLimit = 48

  /// Appends the tokens of a piece.
  func encode(_ piece: UnsafeBufferPointer<UInt8>, into ids: inout [Int]) {
    if piece.count <= Self.scanLimit {
      encodeByScanning(piece, into: &ids)
    } else {
      encodeByHeap(piece, into: &ids)
    }
  }

  private func encodeByScanning(_ piece: UnsafeBufferPointer<UInt8>, into ids: inout [Int]) {
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: piece.count) { tokens in
      withUnsafeTemporaryAllocation(of: UInt64.self, capacity: piece.count) { next in
        // next[i]: rank and result of merging token i with i + 1.
        func look(_ index: Int, _ count: Int) -> UInt64 {
          guard index + 1 < count, let found = merges.merge(tokens[index], tokens[index + 1]) else {
            return .max
          }
          return UInt64(found.rank) << 32 | UInt64(UInt32(bitPattern: found.merged))
        }
        var count = piece.count
        for (index, byte) in piece.enumerated() { tokens[index] = byteTokens[Int(byte)] }
        for index in 0..<count { next[index] = look(index, count) }
        while count > 1 {
          var best = 0
          for index in 1..<count where next[index] >> 32 < next[best] >> 32 { best = index }
          if next[best] == .max { break }
          tokens[best] = Int32(truncatingIfNeeded: next[best])
          count -= 1
          for index in best + 1..<max(count, best + 1) {
            tokens[index] = tokens[index + 1]
            next[index] = next[index + 1]
          }
          next[best] = look(best, count)
          if best > 0 { next[best - 1] = look(best - 1, count) }
        }
        for index in 0..<count { ids.append(Int(tokens[index])) }
      }
    }
  }

  fileprivate struct Candidate {
    let rank: UInt32
    let position: Int32
    let left: Int32
    let right: Int32
    let merged: Int32

    func precedes(_ other: Candidate) -> Bool {
      rank != other.rank ? rank < other.rank : position < other.position
    }
  }

  private func encodeByHeap(_ piece: UnsafeBufferPointer<UInt8>, into ids: inout [Int]) {
    let count = piece.count
    var tokens = piece.map { byteTokens[Int($0)] }
    // A doubly linked list over positions; a merged token lives at its first byte, a swallowed one is -1.
    var following = (0..<count).map { Int32($0 + 1) }
    var preceding = (0..<count).map { Int32($0 - 1) }
    var heap: [Candidate] = []
    func offer(_ position: Int) {
      let other = Int(following[position])
      guard other < count, let found = merges.merge(tokens[position], tokens[other]) else { return }
      heap.push(
        Candidate(
          rank: found.rank, position: Int32(position), left: tokens[position], right: tokens[other],
          merged: found.merged))
    }
    for position in 0..<count { offer(position) }
    while let candidate = heap.popFirst() {
      let position = Int(candidate.position)
      let other = Int(following[position])
      // Outdated when one of its halves has been merged since.
      guard tokens[position] == candidate.left, other < count, tokens[other] == candidate.right else {
        continue
      }
      tokens[position] = candidate.merged
      tokens[other] = -1
      following[position] = following[other]
      if Int(following[position]) < count { preceding[Int(following[position])] = Int32(position) }
      offer(position)
      if preceding[position] >= 0 { offer(Int(preceding[position])) }
    }
    for token in tokens where token >= 0 { ids.append(Int(token)) }
  }
}

extension Array where Element == BytePairMerging.Candidate {
  fileprivate mutating func push(_ candidate: Element) {
    append(candidate)
    var child = count - 1
    while child > 0, self[child].precedes(self[(child - 1) / 2]) {
      swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  fileprivate mutating func popFirst() -> Element? {
    guard let first else { return nil }
    let last = removeLast()
    if isEmpty { return first }
    self[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < count && self[child].precedes(self[least]) {
        least = child
      }
      if least == parent { return first }
      swapAt(parent, least)
      parent = least
    }
  }
}

/// Canonical decompositions, compositions and combining classes of the reference's Unicode version.
struct CanonicalTables: Sendable {
  static let shared = CanonicalTables()

  /// Full decompositions, except of Hangul syllables.
  let decompositions: [UInt32: [UInt32]]
  /// Primary composites by first and second scalar (see `pair`), except of Hangul.
  let compositions: [UInt64: UInt32]
  let combiningClasses: [UInt32: UInt8]
  /// Scalars that are not their own composition: singletons and composition exclusions.
  let changing: [UInt32]

  static func pair(_ first: UInt32, _ second: UInt32) -> UInt64 {
    UInt64(first) << 32 | UInt64(second)
  }

  private init() {
    var decompositions: [UInt32: [UInt32]] = [:]
    let packed = PackedNumbers.numbers(of: UnicodeTables.decompositions)
    var scalar: UInt32 = 0
    var next = 0
    while next + 1 < packed.count {
      scalar += packed[next]
      let end = next + 2 + Int(packed[next + 1])
      decompositions[scalar] = Array(packed[next + 2..<end])
      next = end
    }
    var compositions: [UInt64: UInt32] = [:]
    for row in PackedNumbers.rows(of: UnicodeTables.compositions, width: 3) {
      compositions[Self.pair(row[0], row[1])] = row[2]
    }
    var classes: [UInt32: UInt8] = [:]
    for row in PackedNumbers.rows(of: UnicodeTables.combiningClasses, width: 3) {
      for scalar in row[0]..<row[0] + row[1] { classes[scalar] = UInt8(row[2]) }
    }
    let composites = Set(compositions.values)
    self.changing = decompositions.keys.filter { !composites.contains($0) }
    self.decompositions = decompositions
    self.compositions = compositions
    self.combiningClasses = classes
  }
}

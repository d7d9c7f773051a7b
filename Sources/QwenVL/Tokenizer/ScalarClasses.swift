/// What the tokenizer needs to know of every scalar value, one byte each.
///
/// The tables end with the last scalar that has any of these properties; everything above has none.
struct ScalarClasses: Sendable {
  static let letter: UInt8 = 1
  static let number: UInt8 = 2
  static let space: UInt8 = 4
  /// May change under NFC, or change what stands before it: a text without such scalars is in NFC.
  static let unstable: UInt8 = 8

  static let shared = ScalarClasses()

  let bytes: [UInt8]

  private init() {
    let letters = PackedNumbers.rows(of: UnicodeTables.letters, width: 2)
    let numbers = PackedNumbers.rows(of: UnicodeTables.numbers, width: 2)
    let spaces = PackedNumbers.rows(of: UnicodeTables.spaces, width: 2)
    let marks = PackedNumbers.rows(of: UnicodeTables.combiningClasses, width: 3)
    let end = [letters, numbers, spaces, marks].compactMap { $0.last.map { $0[0] + $0[1] } }.max() ?? 0
    var bytes = [UInt8](repeating: 0, count: Int(end))
    func mark(_ rows: [[UInt32]], _ flag: UInt8) {
      for row in rows {
        for scalar in row[0]..<row[0] + row[1] where scalar < end { bytes[Int(scalar)] |= flag }
      }
    }
    mark(letters, Self.letter)
    mark(numbers, Self.number)
    mark(spaces, Self.space)
    mark(marks, Self.unstable)
    mark(CanonicalTables.shared.changing.map { [$0, 1] }, Self.unstable)
    mark(CanonicalTables.shared.compositions.keys.map { [UInt32(truncatingIfNeeded: $0), 1] }, Self.unstable)
    // Vowels and final consonants of Hangul join the syllable before them.
    mark([[0x1161, 0x11C2 - 0x1161 + 1]], Self.unstable)
    self.bytes = bytes
  }
}

/// Reads the number lists of `UnicodeTables`.
enum PackedNumbers {
  /// The numbers of a packed table, which are written in base 36 and separated by white space.
  static func numbers(of table: String) -> [UInt32] {
    var numbers: [UInt32] = []
    var current: UInt32?
    for byte in table.utf8 {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        current = (current ?? 0) * 36 + UInt32(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "z"):
        current = (current ?? 0) * 36 + UInt32(byte - UInt8(ascii: "a")) + 10
      default:
        if let number = current { numbers.append(number) }
        current = nil
      }
    }
    if let number = current { numbers.append(number) }
    return numbers
  }

  /// Rows of `width` numbers, the first of each turned from a distance back into a value.
  static func rows(of table: String, width: Int) -> [[UInt32]] {
    let numbers = numbers(of: table)
    var rows: [[UInt32]] = []
    var first: UInt32 = 0
    for start in stride(from: 0, to: numbers.count - width + 1, by: width) {
      first += numbers[start]
      rows.append([first] + numbers[start + 1..<start + width])
    }
    return rows
  }
}

/// How many cells of a terminal text takes: two for East Asian wide characters and pictographs, one for others.
extension Character {
  var cells: Int {
    guard let first = unicodeScalars.first, first.value >= 0x1100 else { return 1 }
    // Those that are text unless told otherwise are pictographs before the selector.
    return Self.isWide(first) || unicodeScalars.contains("\u{FE0F}") ? 2 : 1
  }

  private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.properties.isEmojiPresentation { return true }
    return wide.contains { $0.contains(scalar.value) }
  }

  /// Blocks of UAX #11's classes W and F.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF,
    0xFE10...0xFE19, 0xFE30...0xFE6B, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x1AFF0...0x1B2FB, 0x1F200...0x1F265,
    0x20000...0x3FFFD,
  ]
}

extension StringProtocol {
  var cells: Int { reduce(0) { $0 + $1.cells } }

  /// As many characters from the start as have room in so many cells.
  func prefix(cells: Int) -> SubSequence {
    var left = cells
    return prefix {
      left -= $0.cells
      return left >= 0
    }
  }
}

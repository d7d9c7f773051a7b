/// Cuts a text into the pieces within which bytes may be merged.
///
/// The published split expression, matched from left to right, by hand:
///
///     (?i:'s|'t|'re|'ve|'m|'ll|'d)
///     [^\r\n\p{L}\p{N}]?\p{L}+
///     \p{N}
///      ?[^\s\p{L}\p{N}]+[\r\n]*
///     \s*[\r\n]+
///     \s+(?!\S)
///     \s+
enum TextSplitter {
  static let expression =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  /// Calls `body` with the byte range of every piece, in order; together they are the whole text.
  static func forEachPiece(of text: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) -> Void) {
    ScalarClasses.shared.bytes.withUnsafeBufferPointer { classes in
      let scanner = Scanner(text: text, classes: classes)
      var start = 0
      while start < text.count {
        let end = scanner.end(ofPieceAt: start)
        body(start..<end)
        start = end
      }
    }
  }

  private struct Scanner {
    let text: UnsafeBufferPointer<UInt8>
    let classes: UnsafeBufferPointer<UInt8>

    private static let kinds = ScalarClasses.letter | ScalarClasses.number | ScalarClasses.space

    /// The scalar at a position with its kind (letter, number, space or none of them) and end; nil at the end.
    @inline(__always)
    func scalar(at position: Int) -> (value: UInt32, kind: UInt8, end: Int)? {
      guard position < text.count else { return nil }
      let (value, length) = UTF8Scalar.decode(text, at: position)
      let kind = Int(value) < classes.count ? classes[Int(value)] & Self.kinds : 0
      return (value, kind, position + length)
    }

    func end(ofPieceAt start: Int) -> Int {
      guard let first = scalar(at: start) else { return text.count }
      if first.value == 0x27, let end = endOfContraction(after: first.end) { return end }
      if first.kind == ScalarClasses.letter { return endOfRun(of: ScalarClasses.letter, from: first.end) }
      if first.kind == ScalarClasses.number { return first.end }
      let isNewline = Self.isNewline(first.value)
      if !isNewline, let second = scalar(at: first.end), second.kind == ScalarClasses.letter {
        return endOfRun(of: ScalarClasses.letter, from: second.end)
      }
      if first.kind == 0 { return endOfOthers(from: first.end) }
      if first.value == 0x20, let second = scalar(at: first.end), second.kind == 0 {
        return endOfOthers(from: second.end)
      }
      return endOfSpace(from: start)
    }

    private static func isNewline(_ value: UInt32) -> Bool { value == 0x0A || value == 0x0D }

    private func endOfRun(of kind: UInt8, from start: Int) -> Int {
      var position = start
      while let next = scalar(at: position), next.kind == kind { position = next.end }
      return position
    }

    /// Neither space nor letter nor number, then line ends.
    private func endOfOthers(from start: Int) -> Int {
      var position = endOfRun(of: 0, from: start)
      while position < text.count, Self.isNewline(UInt32(text[position])) { position += 1 }
      return position
    }

    /// White space: up to its last line end; else, before something else, all but the last of it.
    private func endOfSpace(from start: Int) -> Int {
      var position = start
      var lastStart = start
      var afterNewline: Int?
      while let next = scalar(at: position), next.kind == ScalarClasses.space {
        lastStart = position
        position = next.end
        if Self.isNewline(next.value) { afterNewline = position }
      }
      if let afterNewline { return afterNewline }
      return position == text.count || lastStart == start ? position : lastStart
    }

    /// What follows an apostrophe: s, t, m, d, re, ve or ll in any case. The long s folds to s.
    private func endOfContraction(after start: Int) -> Int? {
      func lowered(_ position: Int) -> UInt8 { position < text.count ? text[position] | 0x20 : 0 }
      switch lowered(start) {
      case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 1
      case UInt8(ascii: "r"), UInt8(ascii: "v"):
        return lowered(start + 1) == UInt8(ascii: "e") ? start + 2 : nil
      case UInt8(ascii: "l"): return lowered(start + 1) == UInt8(ascii: "l") ? start + 2 : nil
      default:
        guard let next = scalar(at: start), next.value == 0x17F else { return nil }
        return next.end
      }
    }
  }
}

/// Which answers to which prompts are drawn together.
package struct DecodingPiece: Equatable, Sendable {
  package let prompts: Range<Int>
  /// Of each of the prompts.
  package let answers: Range<Int>

  /// All answers to all prompts, in pieces of at most their number halved so often: whole prompts as long as one fits,
  /// then parts of the answers to one.
  package static func pieces(prompts: Int, answers: Int, halvings: Int) -> [DecodingPiece] {
    let most = max(1, prompts * answers >> min(max(0, halvings), 30))
    let together = max(1, most / max(1, answers))
    let parts = slices(of: answers, size: min(most, answers))
    return slices(of: prompts, size: together).flatMap { prompts in
      parts.map { DecodingPiece(prompts: prompts, answers: $0) }
    }
  }

  private static func slices(of count: Int, size: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: max(1, size)).map { $0..<min($0 + max(1, size), count) }
  }
}

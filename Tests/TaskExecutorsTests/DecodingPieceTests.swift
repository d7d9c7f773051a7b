import TaskExecutors
import Testing
import WorkerRuntime

@Suite("What decodes together")
struct DecodingPieceTests {
  @Test(
    "without a shortage all is one piece; each halving makes pieces of half the size, down to single answers")
  func pieces() {
    func pieces(_ halvings: Int) -> [DecodingPiece] {
      DecodingPiece.pieces(prompts: 4, answers: 8, halvings: halvings)
    }
    #expect(pieces(0).map(\.prompts) == [0..<4] && pieces(0).map(\.answers) == [0..<8])
    #expect(pieces(1).map(\.prompts) == [0..<2, 2..<4])
    #expect(pieces(2).map(\.prompts) == [0..<1, 1..<2, 2..<3, 3..<4])
    #expect(pieces(3).map(\.answers).prefix(3) == [0..<4, 4..<8, 0..<4])
    #expect(pieces(5).count == 32 && pieces(99).count == 32)
  }

  @Test("every answer to every prompt is in one piece, in order, and no piece is larger than allowed")
  func coverage() {
    for (prompts, answers) in [(1, 1), (1, 7), (3, 5), (16, 8), (5, 1)] {
      for halvings in 0..<9 {
        let pieces = DecodingPiece.pieces(prompts: prompts, answers: answers, halvings: halvings)
        let most = max(1, prompts * answers >> halvings)
        #expect(pieces.allSatisfy { $0.prompts.count * $0.answers.count <= most })
        let all = pieces.flatMap { piece in piece.prompts.flatMap { p in piece.answers.map { (p, $0) } } }
        let byPrompt = Dictionary(grouping: all, by: \.0).mapValues { $0.map(\.1) }
        #expect(byPrompt.count == prompts && byPrompt.values.allSatisfy { $0 == Array(0..<answers) })
      }
    }
  }
}

@Suite("Items that break the rest")
struct FaultyItemsTests {
  private struct Broken: Error, CustomStringConvertible { let description: String }

  /// Works on numbers; some of them break it, and of these some can be seen to.
  private func work(
    _ items: Range<Int>, breaking: Set<Int>, seen: Set<Int>
  ) throws -> (values: [Int], faulty: [Int]) {
    let (values, faulty) = try FaultyItems.work(
      on: items, look: { if seen.contains($0) { throw Broken(description: "\($0) is torn") } }
    ) { range in
      if let first = range.first(where: breaking.contains) { throw Broken(description: "\(first) broke it") }
      return Array(range)
    }
    return (values, faulty.map(\.item))
  }

  @Test("what can be seen to be at fault is taken out, the rest is done in order")
  func visible() throws {
    #expect(try work(3..<9, breaking: [], seen: [4]).values == Array(3..<9), "nobody looks without need")
    let (values, faulty) = try work(3..<9, breaking: [3, 6, 8], seen: [3, 6, 8])
    #expect(values == [4, 5, 7] && faulty == [3, 6, 8])
    #expect(try work(3..<4, breaking: [3], seen: [3]).faulty == [3])
  }

  @Test("what breaks the work and cannot be seen is the queue's to find")
  func hidden() {
    for seen: Set<Int> in [[], [1]] {
      #expect {
        try work(0..<4, breaking: [1, 2], seen: seen)
      } throws: { ($0 as? TaskError)?.failure.failureClass == .poisonInput }
    }
  }
}

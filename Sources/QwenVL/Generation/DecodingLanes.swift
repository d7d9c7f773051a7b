import Tensors

/// The sequences of a batch on a GPU, where the next step is started before it is known what the last one drew: the
/// newest tokens stay there, and only that a sequence has ended is learnt a step late. What was computed for it
/// meanwhile is dropped.
struct DecodingLanes {
  /// A sequence as far as its next step goes.
  struct Lane {
    /// Its number among all sequences of the batch, which is the slot of its newest token.
    let slot: Int
    let promptRows: [Range<Int>]
    let firstRow: Int
    let firstPosition: Int
    let stream: SampleStream
    /// Tokens drawn or being drawn.
    var length: Int
    var hasEnded = false

    var newestPosition: Int { firstPosition + length - 1 }
    var newestRow: Int { firstRow + length - 1 }
    var ownRows: Range<Int> { firstRow..<firstRow + length }
  }

  private(set) var lanes: [Lane]
  private let longest: Int

  /// - Parameter sequences: with the numbers they have in the batch, each with a token.
  init(_ sequences: [(number: Int, sequence: DecodingSequence)], longest: Int) {
    self.longest = longest
    lanes = sequences.map { number, sequence in
      Lane(
        slot: number, promptRows: sequence.promptRows, firstRow: sequence.firstRow,
        firstPosition: sequence.firstPosition, stream: sequence.stream, length: sequence.ids.count)
    }
  }

  private func wants(_ lane: Lane) -> Bool { !lane.hasEnded && lane.length < longest }

  /// The lanes of the next step; empty when no sequence wants one. Those that have ended stay, so that steps are the
  /// same again and again, until they are a quarter.
  mutating func next() -> [Lane] {
    let wanted = lanes.count(where: wants)
    if 4 * wanted <= 3 * lanes.count { lanes = lanes.filter(wants) }
    return wanted == 0 ? [] : lanes
  }

  /// Counts the tokens that the step draws.
  /// - Returns: which of the lanes they are for.
  mutating func advance() -> [Bool] {
    let wanted = lanes.map(wants)
    for index in lanes.indices where wanted[index] { lanes[index].length += 1 }
    return wanted
  }

  mutating func end(_ slots: Set<Int>) {
    for index in lanes.indices where slots.contains(lanes[index].slot) { lanes[index].hasEnded = true }
  }
}

import Randomness
import Testing

/// What is drawn by lot must be drawn again by every later version: runs are repeated and continued from their seeds.
@Suite struct SplitMix64Tests {
  @Test("The sequence is the published one")
  func published() {
    var sequence = SplitMix64(seed: 1_234_567)
    let first = (0..<5).map { _ in sequence.next() }
    #expect(
      first == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
      ])
  }

  @Test("Numbers below a count are all met, and about equally often", arguments: [1, 2, 3, 10, 1_000])
  func below(count: Int) {
    var sequence = SplitMix64(seed: 3)
    var met = [Int](repeating: 0, count: count)
    for _ in 0..<(count * 400) { met[sequence.below(count)] += 1 }
    #expect(met.allSatisfy { (280...520).contains($0) })
  }
}

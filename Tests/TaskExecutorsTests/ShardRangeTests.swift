import JobModel
import TaskExecutors
import Testing

@Suite struct ShardRangeTests {
  @Test func `shards that take their pictures whole count together what the job has`() {
    // 200 items in shards of 64, which ask 66, 63, 64 and 7 questions.
    let shards = [0..<64, 64..<128, 128..<192, 192..<200].enumerated().map {
      ShardRange(index: $0.offset, items: $0.element)
    }
    let halfway = zip(shards, [66, 63, 64, 7]).map { $0.progress($1 / 2, of: $1, unit: "questions") }
    let ended = zip(shards, [66, 63, 64, 7]).map { $0.progress($1, of: $1, unit: "questions") }
    #expect(halfway.compactMap(\.total).reduce(0, +) == 200)
    #expect(ended.map(\.done) == [64, 64, 64, 8] && ended.map(\.total) == ended.map(\.done))
    // A piece of a split shard may have no question of its own.
    #expect(shards[3].progress(0, of: 0, unit: "questions").done == 8)
    #expect(shards.map { $0.finished(unit: "questions").done } == [64, 64, 64, 8])
  }
}

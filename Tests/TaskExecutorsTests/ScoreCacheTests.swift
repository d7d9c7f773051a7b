import Foundation
import Inspection
import TaskExecutors
import Testing

@Suite struct ScoreCacheTests {
  private let hash = String(repeating: "0a", count: 32)

  @Test func `a kept row comes back under its content, for the same key alone`() throws {
    let folder = try TestFolder()
    let cache = ScoreCache(folder: folder.path, key: String(repeating: "1", count: 64))
    #expect(cache.row(hash) == nil)
    var row = ScoreRow(path: "a.png")
    (row.sha256, row.probability, row.answer) = (hash, 0.25, .good)
    try cache.store(row)
    #expect(cache.row(hash)?.probability == 0.25)
    row.probability = 0.5
    try cache.store(row)
    #expect(cache.row(hash)?.probability == 0.5)
    #expect(ScoreCache(folder: folder.path, key: String(repeating: "2", count: 64)).row(hash) == nil)
  }

  @Test func `a file that was damaged counts as absent`() throws {
    let folder = try TestFolder()
    let cache = ScoreCache(folder: folder.path, key: String(repeating: "1", count: 64))
    var row = ScoreRow(path: "a.png")
    row.sha256 = hash
    try cache.store(row)
    let files = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    let file = try #require(files.first { $0.hasSuffix(".json") })
    for content in ["", "{\"path\":", "{\"path\":\"a.png\",\"sha256\":\"other\"}"] {
      try folder.write(content, to: file)
      #expect(cache.row(hash) == nil)
    }
  }
}

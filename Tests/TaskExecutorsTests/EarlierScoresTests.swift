import Foundation
import Inspection
import JobModel
import OrderedJSON
import TaskExecutors
import Testing
import WorkerRuntime

/// Runs into one output folder, one after the other.
@Suite struct EarlierScoresTests {
  private let folder: TestFolder
  private static let conditions: [JSON.Member] = [
    .init("model_sha256", .string(String(repeating: "ab", count: 32))), .init("dtype", "float32"),
    .init("protocol", "paper"), .init("product", nil), .init("tiling", nil),
  ]

  init() throws {
    folder = try TestFolder()
    for night in ["night-1", "night-2"] {
      for name in ["0001.png", "0002.png"] { try folder.write(night + name, to: night + "/" + name) }
    }
  }

  private func settings(append: Bool = true) throws -> ScoreSettings {
    let spec = try JobSpec([
      "kind": "score", "model": "/m", "images": "/i", "output": .string(folder.path + "/out"),
      "append": .bool(append),
    ])
    guard case .score(let settings) = spec.settings else { throw JobSpecError(["not a scoring"]) }
    return settings
  }

  private func rows(_ entries: [ImageEntry], probability: Double) -> [ScoreRow] {
    entries.map { entry in
      var row = ScoreRow(path: entry.path)
      (row.file, row.probability, row.answer) = (entry.file, probability, .good)
      row.decide(by: nil)
      return row
    }
  }

  @Test func `two names that only look alike keep a row each when they are scored again`() throws {
    let names = ["e\u{301}.png", "\u{E9}.png"]
    try folder.write("first", to: "alike/" + names[0])
    #expect(try run(folder.path + "/alike", probability: 0.1).count == 1)
    try folder.write("second", to: "alike/" + names[1])
    let rows = try run(folder.path + "/alike", probability: 0.2)
    #expect(rows.map { Array($0.path.utf8) } == names.map { Array($0.utf8) })
    #expect(rows.map(\.probability) == [0.2, 0.2])
    #expect(try run(folder.path + "/alike", probability: 0.3).map(\.probability) == [0.3, 0.3])
  }

  /// Scores a source into the output as a job does: names, then rows.
  private func run(_ source: String, probability: Double) throws -> [ScoreRow] {
    var entries = try ImageSet(source).entries
    let earlier = try EarlierScores(settings())
    if let earlier { entries = try earlier.named(entries) }
    let listed = try entries.map { try ImageEntry($0.json) }
    #expect(listed == entries)
    let rows = rows(listed, probability: probability)
    let all = try earlier?.joined(with: rows) ?? rows
    try ScoreFolder(path: folder.path + "/out").write(
      ScoreReport(rows: all, origin: Self.conditions + [.init("source", .string(source))]))
    return all
  }

  @Test
  func
    `pictures of the same name in another folder have rows of their own, and one that is scored again keeps its`()
    throws
  {
    _ = try run(folder.path + "/night-1", probability: 0.1)
    let both = try run(folder.path + "/night-2", probability: 0.2)
    #expect(both.map(\.path) == ["0001.png", "0002.png", "night-2/0001.png", "night-2/0002.png"])
    #expect(both.map(\.probability) == [0.1, 0.1, 0.2, 0.2])
    let again = try run(folder.path + "/night-2/0002.png", probability: 0.3)
    #expect(again.map(\.path) == both.map(\.path))
    #expect(again.map(\.probability) == [0.1, 0.1, 0.2, 0.3])
    // A list names the same files, by what names it likes.
    let list = try folder.write("path,name\nnight-1/0001.png,first\n", to: "list.csv")
    #expect(try run(list, probability: 0.4).map(\.probability) == [0.4, 0.1, 0.2, 0.3])
    // Whoever compares the rows with labels finds each under its own folder.
    let scored = try ScoredPicture.read(folder.path + "/out")
    #expect(
      scored.map(\.path)
        == ["night-1/0001.png", "night-1/0002.png", "night-2/0001.png", "night-2/0002.png"].map {
          folder.path + "/" + $0
        })
  }

  @Test func `an archive of the same names is other pictures`() throws {
    _ = try run(folder.path + "/night-1", probability: 0.1)
    let earlier = try #require(try EarlierScores(settings()))
    let archive = folder.path + "/night-3.tar"
    let named = try earlier.named([ImageEntry(path: "0001.png", location: .part(of: archive, 0..<1))])
    #expect(named.map(\.path) == ["night-3.tar/0001.png"])
    #expect(named.map(\.file) == [archive + "/0001.png"])
    #expect(try ImageEntry(named[0].json) == named[0])
  }

  @Test func `a run under other conditions is refused, with what differs and what to do`() throws {
    _ = try run(folder.path + "/night-1", probability: 0.1)
    let earlier = try #require(try EarlierScores(settings()))
    try earlier.check(Self.conditions)
    for (place, value, said) in [
      (0, "cdcdcdcdcdcdcdcd", "model_sha256 is abababababab there and cdcdcdcdcdcd here"),
      (1, "int8", "dtype is float32 there and int8 here"),
      (2, "mmad", "protocol is paper there and mmad here"),
      (3, "bolt", "product is none there and bolt here"),
    ] as [(Int, JSON, String)] {
      var other = Self.conditions
      other[place] = .init(other[place].key, value)
      let error = #expect(throws: TaskError.self) { try earlier.check(other) }
      #expect(error?.description.contains(said) == true, "\(String(describing: error))")
      #expect(error?.description.contains("name another output") == true)
    }
    #expect(try EarlierScores(settings(append: false)) == nil)
  }

  @Test func `a name that another run has given away meanwhile costs no row, but this run`() throws {
    _ = try run(folder.path + "/night-1", probability: 0.1)
    let earlier = try #require(try EarlierScores(settings()))
    let unnamed = rows(try ImageSet(folder.path + "/night-2").entries, probability: 0.2)
    let error = #expect(throws: TaskError.self) { try earlier.joined(with: unnamed) }
    #expect(error?.description.contains("night-1/0001.png") == true)
  }

  @Test func `rows that do not say which file they are of are not added to`() throws {
    try folder.write(#"{"path":"0001.png"}"# + "\n", to: "out/results.jsonl")
    try folder.write("", to: "out/thumbnails.jsonl")
    try folder.write("{}", to: "out/run.json")
    let error = #expect(throws: TaskError.self) { try EarlierScores(settings()) }
    #expect(error?.description.contains("earlier version") == true)
  }
}

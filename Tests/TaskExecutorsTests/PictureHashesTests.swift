import Inspection
import OrderedJSON
import TaskExecutors
import Testing

@Suite struct PictureHashesTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private func record(_ name: String) -> AnswerRecord {
    AnswerRecord(
      image: name, questionText: "?", options: [], questionType: "Anomaly Detection", correctAnswer: "A",
      givenAnswer: "A")
  }

  private func identity() throws -> String? {
    let names = ["set/part/test/bad/a.png", "set/part/test/bad/a.png", "set/part/test/good/b.png"]
    let paths = Dictionary(
      names.map { ($0, folder.path + "/" + $0.suffix(5)) }, uniquingKeysWith: { first, _ in first })
    let lines = try PictureHashes.lines(of: names.map(record), paths: paths)
    // The line is the record all the same.
    #expect(try lines.map { try AnswersFile.record($0) } == names.map(record))
    return PictureHashes.identity(of: lines)
  }

  @Test func `copies with the same names are told apart by what their pictures hold`() throws {
    for name in ["a.png", "b.png"] { try folder.write("picture \(name)", to: name) }
    let first = try identity()
    #expect(try first != nil && first == identity())
    // As long as before.
    try folder.write("picture B.png", to: "b.png")
    #expect(try identity() != first)
  }

  @Test func `shards that do not say what their pictures held give no hash`() {
    #expect(PictureHashes.identity(of: [AnswersFile.json(record("set/part/a.png"))]) == nil)
  }
}

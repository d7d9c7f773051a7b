import Inspection
import OrderedJSON
import Testing

@Suite("What a model was trained on")
struct TrainingRecordTests {
  private let folder: Miniature

  init() throws { folder = try Miniature() }

  private func write(_ parts: [TrainingRecord.Part], to name: String) throws {
    try folder.write(TrainingRecord(parts).json.serializedBytes(), to: name)
  }

  @Test("a record written beside a model is found and read back, behind what it had been trained on before")
  func roundTrip() throws {
    let first = TrainingRecord.Part(source: "/data/first", images: ["a/b/good/1.png"])
    let second = TrainingRecord.Part(source: "/data/second", images: ["a/b/bad/1.png"])
    let record = TrainingRecord([second]).following(TrainingRecord([first]))
    try folder.write(record.json.serializedBytes(), to: "model/trained-on.json")
    let path = try #require(TrainingRecord.path(inModel: folder.path("model")))
    #expect(try TrainingRecord(path: path).parts == [first, second])
    #expect(try TrainingRecord(path: folder.path("model")).parts == [first, second])
    // Training on the same pictures again adds nothing.
    #expect(TrainingRecord([first]).following(record).parts == [second, first])
    #expect(TrainingRecord.path(inModel: folder.root) == nil)
  }

  @Test(
    "pictures count as trained on by any of the trainings, unless their bytes say that they only share a name"
  )
  func overlap() throws {
    let names = ["P/part/good/1.png", "P/part/good/2.png", "P/part/good/3.png"]
    for (index, name) in names.enumerated() {
      try folder.picture("train/\(name)", shade: 50)
      try folder.picture("test/\(name)", shade: index == 0 ? 50 : 60)
    }
    try write(
      [
        .init(source: folder.path("train"), images: Array(names.prefix(2))),
        .init(source: folder.path("gone"), images: [names[2]]),
      ], to: "model/trained-on.json")
    let paths = Dictionary(uniqueKeysWithValues: names.map { ($0, folder.path("test/\($0)")) })
    func overlap(mayRead: (String) -> Bool = { _ in true }) throws -> TrainingOverlap {
      try TrainingOverlap(
        evaluated: names, paths: paths, trainedOn: folder.path("model"), mayRead: mayRead)
    }
    // The third lies nowhere any more and cannot be told from its namesake.
    #expect(try overlap().shared == [names[0], names[2]])
    #expect(try overlap().trained == 3)
    // What may not be looked at cannot be told apart either.
    #expect(try overlap { _ in false }.shared == names)
  }

  @Test("what is no record says what would be one")
  func refused() throws {
    try folder.write("[]", to: "list.json")
    for path in [folder.root, folder.path("list.json"), folder.path("gone.json")] {
      let error = #expect(throws: DatasetError.self) { try TrainingRecord(path: path) }
      #expect(error?.message.hasPrefix(path) == true)
    }
    let error = #expect(throws: DatasetError.self) { try TrainingRecord(path: folder.root) }
    #expect(error?.message.contains("trained-on.json") == true)
  }
}

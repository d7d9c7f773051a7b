import FoundationEssentials
import Inspection
import Testing

@Suite struct FewShotTests {
  private static let names = (0..<40).flatMap { kind in
    // Classes of 1 to 12 pictures.
    (0..<(kind % 12 + 1)).map { "DS-MVTec/part\(kind / 4)/image/kind\(kind % 4)/\($0).png" }
  }

  @Test("the paper's split takes two to five of every class, as many as asked for, and the same ones again")
  func split() {
    let selection = FewShotSelection(of: Self.names, count: 120, perClass: 2...5, seed: 3)
    #expect(selection.training.count == 120)
    #expect(selection.classes.count == 40)
    for entry in selection.classes {
      #expect(entry.chosen >= min(2, entry.of) && entry.chosen <= 5, "\(entry)")
    }
    #expect(Set(selection.training).isDisjoint(with: selection.remaining))
    #expect(selection.training.count + selection.remaining.count == Self.names.count)
    #expect(selection == FewShotSelection(of: Self.names, count: 120, perClass: 2...5, seed: 3))
    #expect(selection != FewShotSelection(of: Self.names, count: 120, perClass: 2...5, seed: 4))
  }

  @Test("the order of the index does not decide what is chosen")
  func order() {
    let forward = FewShotSelection(of: Self.names, count: 100, perClass: 2...5, seed: 3)
    let backward = FewShotSelection(of: Self.names.reversed(), count: 100, perClass: 2...5, seed: 3)
    #expect(Set(forward.training) == Set(backward.training))
  }

  @Test("asking for more than the classes give takes the most allowed of each")
  func bounded() {
    let selection = FewShotSelection(of: Self.names, count: 100_000, perClass: 2...5, seed: 3)
    #expect(selection.classes.allSatisfy { $0.chosen == min(5, $0.of) })
  }

  @Test(
    "labelled test pictures of other layouts are split too, asked for defects and compared with good pictures"
  )
  func labelled() throws {
    let folder = try Miniature()
    try folder.mvtecForm("mvtec/bottle", kinds: ["broken_large", "no_good"])
    for number in 1..<4 {
      for state in ["good", "broken_large", "no_good"] {
        try folder.picture("mvtec/bottle/test/\(state)/00\(number).png", shade: UInt8(number))
      }
    }
    let split = try FewShotFolders(
      source: folder.path("mvtec"), output: folder.path("few"), count: 6, perClass: 1...2, seed: 1)
    #expect(split.selection.classes.count == 3 && split.selection.training.count == 6)
    let train = try EvaluationPictures(path: folder.path("few/train"))
    let rest = try EvaluationPictures(path: folder.path("few/evaluation"))
    let all = try EvaluationPictures(path: folder.path("mvtec"))
    #expect(train.layout == "mmad" && train.samples.count == 6 && rest.samples.count == 6)
    #expect(Set(train.samples.map(\.name)).isDisjoint(with: rest.samples.map(\.name)))
    let whole = Dictionary(uniqueKeysWithValues: all.samples.map { ($0.name, $0) })
    for sample in train.samples + rest.samples {
      let own = try #require(whole[sample.name])
      #expect(sample.questions == own.questions && sample.isNormal == own.isNormal, "\(sample.name)")
      #expect(sample.randomTemplates.count == own.randomTemplates.count && !sample.randomTemplates.isEmpty)
      #expect((sample.maskPath == nil) == (own.maskPath == nil), "\(sample.name)")
      #expect(
        FileManager.default.contents(atPath: sample.imagePath)
          == FileManager.default.contents(atPath: own.imagePath))
    }
    // A report on the rest knows what was trained on.
    let overlap = try TrainingOverlap(
      evaluated: rest.samples.map(\.name), trainedOn: folder.path("few/few-shot.json"))
    #expect(overlap.trained == 6 && overlap.shared.isEmpty)
  }

  @Test("both parts of a split data set read as data sets whose pictures are there, and share none")
  func folders() throws {
    let scratch = FileManager.default.temporaryDirectory.path + "/few-shot-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    var drawn = SyntheticDataset(seed: 5)
    drawn.trainingPictures = 60
    drawn.heldOutPictures = 8
    drawn.inboxPictures = 1
    try drawn.write(to: scratch + "/drawn")
    let source = scratch + "/drawn/train"
    let split = try FewShotFolders(source: source, output: scratch + "/few", count: 20, seed: 1)
    let whole = try MMADDataset(root: source)
    let train = try MMADDataset(root: scratch + "/few/train")
    let rest = try MMADDataset(root: scratch + "/few/evaluation")
    #expect(train.samples.map(\.name) == split.selection.training)
    #expect(train.samples.count + rest.samples.count == whole.samples.count)
    let first = try #require(train.samples.first)
    #expect(first.questions == whole.samples.first { $0.name == first.name }?.questions)
    #expect(!first.randomTemplates.isEmpty)
    #expect(throws: DatasetError.self, "a split is never written over") {
      try FewShotFolders(source: source, output: scratch + "/few", count: 20, seed: 1)
    }
  }
}

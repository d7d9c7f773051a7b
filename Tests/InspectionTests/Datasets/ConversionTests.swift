import Foundation
import Inspection
import OrderedJSON
import Testing

@Suite("MVTec3D-AD in MMAD's format")
struct ConversionTests {
  /// Two categories; the defects of `bagel` lie in the upper left, those of `rope` cover everything.
  private func miniature() throws -> Miniature {
    let folder = try Miniature()
    for category in ["bagel", "rope", "foam", "tire"] {
      for number in 0..<3 { try folder.picture("3d/\(category)/train/good/rgb/00\(number).png") }
      try folder.picture("3d/\(category)/test/good/rgb/000.png")
    }
    for kind in ["crack", "hole", "contamination"] {
      try folder.picture("3d/bagel/test/\(kind)/rgb/000.png")
      try folder.mask("3d/bagel/test/\(kind)/gt/000.png", value: 1)
    }
    try folder.picture("3d/rope/test/open/rgb/000.png")
    try folder.mask("3d/rope/test/open/gt/000.png", x: 0..<12, y: 0..<9)
    return folder
  }

  @Test("the four types are asked where they apply, with the place taken from the mask")
  func questions() throws {
    let folder = try miniature()
    let made = try MVTec3DConversion(source: folder.path("3d"), output: folder.path("out"), seed: 3)
    #expect(made.images == 8)
    #expect(
      made.questions.map(\.type) == [
        .anomalyDetection, .defectClassification, .defectLocalization, .objectClassification,
      ])
    #expect(made.questions.map(\.count) == [8, 4, 3, 8])
    let survey = DatasetSurvey(of: try DatasetCatalogue.open(folder.path("out")))
    #expect(survey.categories[0].testDefective == ["contamination": 1, "crack": 1, "hole": 1])
    #expect(made.withoutPlace == ["MVTec3D-AD/rope/test/open/rgb/000.png"])
    let dataset = try MMADDataset(root: folder.path("out"))
    #expect(dataset.missingTemplates.isEmpty && dataset.missingMasks.isEmpty)
    let crack = try #require(dataset.samples.first { $0.name.contains("crack") })
    #expect(crack.maskPath != nil && !crack.isNormal && crack.randomTemplates.count == 3)
    #expect(
      crack.questions.map(\.text) == [
        "Is there any defect in the object?",
        "There is a defect in the object. What is the type of the defect?",
        "There is a defect in the object. Where is the defect?", "What kind of product is in the image?",
      ])
    for question in crack.questions.dropFirst() {
      #expect(question.options.count == 4 && Set(question.options.map(\.text)).count == 4)
    }
    let right = crack.questions.map { question in
      question.options.first { $0.letter == question.answer }?.text
    }
    #expect(right == ["Yes.", "Crack.", "In the upper left.", "Bagel."])
    let good = try #require(dataset.samples.first { $0.name == "MVTec3D-AD/foam/test/good/rgb/000.png" })
    #expect(good.isNormal && good.questions.map(\.type) == [.anomalyDetection, .objectClassification])
  }

  @Test("a seed decides everything, and a folder can be converted again")
  func seeds() throws {
    let folder = try miniature()
    func index(_ seed: UInt64, _ output: String) throws -> Data? {
      _ = try MVTec3DConversion(source: folder.path("3d"), output: folder.path(output), seed: seed)
      return FileManager.default.contents(atPath: folder.path(output + "/mmad.json"))
    }
    let first = try index(3, "a")
    #expect(try index(3, "b") == first)
    #expect(try index(4, "b") != first)
    #expect(throws: DatasetError.self) {
      try MVTec3DConversion(source: folder.path("out"), output: folder.path("c"), seed: 1)
    }
  }

  @Test("a defect in one cell of the grid is there and not in cells it does not touch")
  func places() {
    let places = DefectLocationProbe.rightCells
    for (cell, right) in places.enumerated() { #expect(right == cell) }
  }
}

/// The cell that holds a defect drawn into each of the nine.
private enum DefectLocationProbe {
  static var rightCells: [Int] {
    (0..<9).map { cell in
      let mask = DefectMask(
        width: 30, height: 30,
        isDefective: (0..<900).map { $0 / 30 / 10 * 3 + $0 % 30 / 10 == cell })
      return mask.shares().firstIndex(of: 1) ?? -1
    }
  }
}

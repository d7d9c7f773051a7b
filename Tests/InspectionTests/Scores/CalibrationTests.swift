import Foundation
import Inspection
import OrderedJSON
import Testing

@Suite("Calibration of a threshold")
struct CalibrationTests {
  private let folder: Miniature

  init() throws { folder = try Miniature() }

  private func results(_ rows: [(path: String, probability: Double?, box: [Int]?)]) throws {
    let lines = rows.map { row in
      JSON.object([
        .init("path", .string(row.path)), .init("width", 12), .init("height", 9),
        .init("defect_probability", row.probability.map(JSON.number) ?? .null),
        .init("boxes", .array(row.box.map { [["box": .array($0.map(JSON.integer)), "label": nil]] } ?? [])),
      ]).serialized()
    }
    try folder.write(lines.joined(separator: "\n") + "\n", to: "out/results.jsonl")
    try folder.write(#"{"source":"\#(folder.path("parts"))"}"#, to: "out/run.json")
  }

  /// Four good pictures and three defective ones, one of them with a mask over x 0..<4, y 0..<3.
  private func parts() throws {
    for index in 0..<4 { try folder.picture("parts/normal/\(index).png") }
    for index in 0..<3 { try folder.picture("parts/anomalous/\(index).png") }
    try folder.mask("parts/masks/0.png")
  }

  @Test(
    "the highest F1 and a budget of false alarms choose the thresholds they should, and the file keeps them")
  func choose() throws {
    try parts()
    try results([
      ("normal/0.png", 0.1, nil), ("normal/1.png", 0.2, nil), ("normal/2.png", 0.3, nil),
      ("normal/3.png", 0.8, nil), ("anomalous/0.png", 0.9, [0, 0, 4, 3]), ("anomalous/1.png", 0.7, nil),
      ("anomalous/2.png", 0.25, nil), ("strange.png", 0.5, nil),
    ])
    let calibration = try Calibration(
      try ScoredPicture.read(folder.path("out")), labels: try PictureLabels(folder.path("parts")))
    #expect(
      calibration.unlabelled == 1 && calibration.metrics.good == 4 && calibration.metrics.defective == 3)
    let best = DefectThreshold(metrics: calibration.metrics, rule: .highestF1)
    #expect(best.value == 0.25)
    let strict = DefectThreshold(metrics: calibration.metrics, rule: .falseAlarms(budget: 0))
    #expect(strict.value == 0.9)
    let wide = DefectThreshold(metrics: calibration.metrics, rule: .falseAlarms(budget: 0.3))
    #expect(wide.value == 0.7, "the lowest threshold within the budget misses least")
    #expect(wide.isDefective(0.7) && !wide.isDefective(0.699))
    try folder.write(wide.json.serialized(), to: "threshold.json")
    #expect(try DefectThreshold(path: folder.path("threshold.json")).value == wide.value)
    // The only mask is covered by its box exactly; no other picture has a box.
    #expect(calibration.regions?.regions == 1)
    #expect(calibration.regions?.aupro() == 1 && calibration.regions?.pixels?.auroc == 1)
  }

  @Test("masks that the run drew count instead of its boxes, and one of another size is told")
  func drawnMasks() throws {
    try parts()
    try results([("normal/0.png", 0.1, nil), ("anomalous/0.png", 0.9, [0, 0, 12, 9])])
    func calibration() throws -> Calibration {
      try Calibration(
        try ScoredPicture.read(folder.path("out")), labels: try PictureLabels(folder.path("parts")))
    }
    #expect((try calibration().regions?.pixels?.auroc ?? 1) < 1)
    try folder.mask("out/masks/anomalous/0.png.png")
    #expect(try calibration().regions?.pixels?.auroc == 1)
    try folder.mask("out/masks/anomalous/0.png.png", width: 5, height: 5)
    #expect(try calibration().unusableMasks.count == 1)
  }

  @Test("a table's labels are found by path and by file name, and its empty cells leave pictures out")
  func table() throws {
    try folder.write(
      "file,state,mask\n\"normal/0.png\",good,\n1.png,OK,\n2.png,scratch,\n3.png,,\n", to: "truth.csv")
    let labels = try PictureLabels(folder.path("truth.csv"))
    func label(_ name: String) throws -> Bool? {
      try results([(name, 0.5, nil)])
      return labels.label(of: try ScoredPicture.read(folder.path("out"))[0])?.isDefective
    }
    #expect(try label("normal/0.png") == false)
    #expect(try label("elsewhere/1.png") == false)
    #expect(try label("2.png") == true)
    #expect(try label("3.png") == nil)
    try folder.write("a,b\n", to: "wrong.csv")
    #expect(throws: DatasetError.self) { try PictureLabels(folder.path("wrong.csv")) }
  }

  @Test("a space behind a comma makes no defect of a good picture")
  func spaces() throws {
    try folder.write("path, label\na.png, good\nb.png,\tOK \nc.png, scratch\nd.png, \n", to: "truth.csv")
    let labels = try PictureLabels(folder.path("truth.csv"))
    try results([("a.png", 0.1, nil), ("b.png", 0.1, nil), ("c.png", 0.9, nil), ("d.png", 0.9, nil)])
    let pictures = try ScoredPicture.read(folder.path("out"))
    #expect(pictures.map { labels.label(of: $0)?.isDefective } == [false, false, true, nil])
  }

  @Test("a table that calls a picture good and defective is refused")
  func contradiction() throws {
    try folder.write("path,label\na.png,good\nb.png,dent\na.png,scratch\n", to: "truth.csv")
    let error = #expect(throws: DatasetError.self) { try PictureLabels(folder.path("truth.csv")) }
    #expect(error?.message.contains("a.png good in one row and defective in another") == true)
    try folder.write("path,label\na.png,dent\na.png,scratch\n", to: "twice.csv")
    _ = try PictureLabels(folder.path("twice.csv"))
  }

  @Test("a label that names no folder is nobody's where two folders have such a picture")
  func namesakes() throws {
    try folder.write("path,label\n0001.png,good\n0002.png,dent\n0003.png,good\n", to: "truth.csv")
    try results([
      ("monday/0001.png", 0.1, nil), ("tuesday/0001.png", 0.9, nil), ("monday/0002.png", 0.8, nil),
      ("tuesday/0003.png", 0.2, nil),
    ])
    let calibration = try Calibration(
      try ScoredPicture.read(folder.path("out")), labels: try PictureLabels(folder.path("truth.csv")))
    #expect(calibration.unlabelled == 2)
    #expect(calibration.metrics.good == 1 && calibration.metrics.defective == 1)
  }

  @Test("what is transparent in a mask is not marked")
  func transparentMask() throws {
    // As annotation tools export it: 3 x 1 pixels, clear black, opaque white, clear white.
    let png: [UInt8] = [
      137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 3, 0, 0, 0, 1, 8, 6, 0, 0, 0,
      27, 224, 20, 180, 0, 0, 0, 15, 73, 68, 65, 84, 120, 156, 99, 96, 0, 130, 255, 16, 192, 0, 0, 34, 234,
      6, 250, 29, 1, 78, 40, 0, 0, 0, 0, 73, 69, 78, 68, 174, 66, 96, 130,
    ]
    try folder.write(png, to: "mask.png")
    #expect(try DefectMask(paths: [folder.path("mask.png")]).isDefective == [false, true, false])
  }

  @Test("results that state impossible sizes or probabilities are refused by line")
  func impossible() throws {
    for wrong in [
      #""width":-3,"height":9"#, #""width":4000000000,"height":4000000000"#, #""defect_probability":7"#,
    ] {
      try folder.write(#"{"path":"a.png"}"# + "\n{\"path\":\"b.png\",\(wrong)}\n", to: "out/results.jsonl")
      let error = #expect(throws: DatasetError.self) { try ScoredPicture.read(folder.path("out")) }
      #expect(error?.message.contains("line 2: the row of b.png") == true, "\(wrong)")
    }
  }

  @Test("an evaluation's answers bring their own labels; pictures without a probability are counted")
  func answers() throws {
    let records = [("good", 0.2), ("good", nil), ("bad", 0.6)].enumerated().map { index, entry in
      AnswerRecord(
        image: "VisA/candle/test/\(entry.0)/\(index).JPG", questionText: "?",
        options: AnswerOption.lettered(["Yes.", "No."]), questionType: "Anomaly Detection",
        correctAnswer: entry.0 == "good" ? "B" : "A", givenAnswer: "A", defectProbability: entry.1)
    }
    try folder.write(AnswersFile.json(records).serializedBytes(), to: "eval/answers.json")
    let calibration = try Calibration(try ScoredPicture.read(folder.path("eval")), labels: nil)
    #expect(calibration.withoutProbability == 1 && calibration.metrics.auroc == 1)
    #expect(calibration.regions == nil)
  }

  @Test("one state alone gives no threshold and says so")
  func oneState() throws {
    try parts()
    try results([("normal/0.png", 0.1, nil)])
    let error = #expect(throws: DatasetError.self) {
      try Calibration(
        try ScoredPicture.read(folder.path("out")), labels: try PictureLabels(folder.path("parts")))
    }
    #expect(error?.message.contains("needs good and defective ones") == true)
    try folder.write(#"{"threshold":"high"}"#, to: "bad.json")
    #expect(throws: DatasetError.self) { try DefectThreshold(path: folder.path("bad.json")) }
  }
}

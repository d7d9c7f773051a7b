import Foundation
import Inspection
import OrderedJSON
import Testing

@Suite("Data sets on a disk")
struct DatasetLayoutTests {
  private let folder: Miniature

  init() throws { folder = try Miniature() }

  private func open(_ name: String = "") throws -> Dataset { try DatasetCatalogue.open(folder.path(name)) }

  @Test(
    "a folder that is there and cannot be looked into is told, and does not pass for an empty or missing one",
    arguments: [
      "own/normal", "own/anomalous", "own/masks", "mvtec/bottle/train", "mvtec/bottle/test/crack",
      "mvtec/bottle/ground_truth/crack", "visa/candle/Data/Images/Normal", "visa/split_csv",
    ])
  func unreadable(place: String) throws {
    for name in ["normal/a.png", "anomalous/b.png", "masks/b.png"] {
      try folder.picture("own/" + name)
    }
    try folder.mvtecForm("mvtec/bottle")
    for state in ["Normal", "Anomaly"] { try folder.picture("visa/candle/Data/Images/\(state)/000.JPG") }
    // A circle of links cannot be looked into by anybody, whereas root may read whatever is forbidden.
    let path = folder.path(place)
    try? FileManager.default.removeItem(atPath: path)
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path)
    let root = String(place.prefix { $0 != "/" })
    let error = #expect(throws: DatasetError.self) { try open(root) }
    #expect(error?.message.contains("cannot be read: Too many levels of symbolic links") == true)
    #expect(error?.message.contains(path) == true)
  }

  @Test("a picture whose name is not UTF-8 is told before anything is asked about it")
  func otherEncodings() throws {
    for name in ["normal/a.png", "anomalous/b.png"] { try folder.picture("own/" + name) }
    let path = Array(folder.path("own/anomalous/teil_").utf8) + [0xE4] + Array(".png".utf8)
    fclose(fopen(path.map(CChar.init(bitPattern:)) + [0], "w"))
    let error = #expect(throws: DatasetError.self) { try open("own") }
    #expect(error?.message.contains("own/anomalous/teil_%E4.png: the name is not UTF-8") == true)
  }

  @Test("MVTec-AD is read with masks by stem, and one category alone too")
  func mvtec() throws {
    try folder.mvtecForm("mvtec/bottle", kinds: ["broken_large", "contamination"])
    try folder.mvtecForm("mvtec/zipper", kinds: ["split_teeth"])
    let dataset = try open("mvtec")
    #expect(dataset.layout == "mvtec-ad" && dataset.title == "MVTec-AD")
    #expect(dataset.categories == ["bottle", "zipper"])
    #expect(dataset.count(.train) { $0 == .good } == 6)
    #expect(dataset.count(.test) { $0 == .defective(kind: "contamination") } == 1)
    let defective = try #require(dataset.pictures.first { $0.isDefective })
    #expect(defective.name == "MVTec-AD/bottle/test/broken_large/000.png")
    #expect(defective.maskPaths == [folder.path("mvtec/bottle/ground_truth/broken_large/000_mask.png")])
    #expect(dataset.shortcomings.isEmpty)
    #expect(try open("mvtec/bottle").pictures == dataset.pictures.filter { $0.category == "bottle" })
  }

  @Test("somebody's own products in MVTec's form keep the name of their folder, and missing masks are told")
  func ownProducts() throws {
    try folder.mvtecForm("parts/bracket")
    try folder.picture("parts/bracket/test/crack/001.png")
    let dataset = try open("parts")
    #expect(dataset.title == "parts")
    #expect(dataset.shortcomings(.mask) == ["parts/bracket/test/crack/001.png"])
  }

  @Test("MVTec-LOCO's masks are the union of a folder")
  func loco() throws {
    try folder.mvtecForm("loco/juice_bottle", kinds: [])
    for kind in ["logical_anomalies", "structural_anomalies"] {
      try folder.picture("loco/juice_bottle/test/\(kind)/007.png")
      try folder.mask("loco/juice_bottle/ground_truth/\(kind)/007/000.png")
      try folder.mask("loco/juice_bottle/ground_truth/\(kind)/007/001.png", value: 3)
    }
    try folder.picture("loco/juice_bottle/validation/good/000.png")
    let dataset = try open("loco")
    #expect(dataset.layout == "mvtec-loco")
    #expect(dataset.pictures.filter(\.isDefective).map(\.maskPaths.count) == [2, 2])
    #expect(dataset.count(.validation) { $0 == .good } == 1)
  }

  @Test("VisA gives the same names as downloaded and as split, and its table decides the parts")
  func visa() throws {
    for (state, file) in [("Normal", "0000.JPG"), ("Normal", "0001.JPG"), ("Anomaly", "000.JPG")] {
      try folder.picture("visa/candle/Data/Images/\(state)/\(file)")
    }
    try folder.mask("visa/candle/Data/Masks/Anomaly/000.png", value: 1)
    try folder.write(
      "\u{FEFF}object,split,label,image,mask\r\n"
        + "candle,train,normal,candle/Data/Images/Normal/0000.JPG,\r\n"
        + "candle,test,normal,candle/Data/Images/Normal/0001.JPG,\r\n"
        + "candle,test,anomaly,candle/Data/Images/Anomaly/000.JPG,candle/Data/Masks/Anomaly/000.png\r\n"
        + "candle,test,anomaly,candle/Data/Images/Anomaly/001.JPG,candle/Data/Masks/Anomaly/001.png\r\n",
      to: "visa/split_csv/1cls.csv")
    let downloaded = try open("visa")
    #expect(downloaded.layout == "visa")
    #expect(
      downloaded.pictures.map(\.name) == [
        "VisA/candle/train/good/0000.JPG", "VisA/candle/test/good/0001.JPG", "VisA/candle/test/bad/000.JPG",
      ])
    #expect(downloaded.shortcomings(.image) == ["candle/Data/Images/Anomaly/001.JPG"])
    #expect(downloaded.pictures[2].maskPaths.count == 1)
    #expect(try open("visa/candle").pictures == downloaded.pictures)

    try folder.picture("split/candle/train/good/0000.JPG")
    try folder.picture("split/candle/test/good/0001.JPG")
    try folder.picture("split/candle/test/bad/000.JPG")
    try folder.mask("split/candle/ground_truth/bad/000.png")
    let split = try open("split")
    #expect(split.layout == "visa-split")
    #expect(Set(split.pictures.map(\.name)) == Set(downloaded.pictures.map(\.name)))
  }

  @Test("a table of VisA without its columns is named")
  func visaTable() throws {
    try folder.picture("visa/candle/Data/Images/Normal/0000.JPG")
    try folder.write("a,b\n", to: "visa/split_csv/1cls.csv")
    let error = #expect(throws: DatasetError.self) { try open("visa") }
    #expect(error?.message.contains("1cls.csv: the first line names no columns") == true)
  }

  @Test("GoodsAD and MVTec3D-AD are told from MVTec-AD")
  func goodsAnd3D() throws {
    try folder.mvtecForm("goods/drink_can", kinds: ["deformation"], ending: "jpg", maskSuffix: "")
    let goods = try open("goods")
    #expect(goods.layout == "goodsad")
    #expect(goods.pictures.first { $0.isDefective }?.maskPaths.count == 1)
    for place in ["train/good", "validation/good", "test/good", "test/hole"] {
      try folder.picture("3d/bagel/\(place)/rgb/000.png")
      try folder.mask("3d/bagel/\(place)/gt/000.png")
      try folder.write("height map", to: "3d/bagel/\(place)/xyz/000.tiff")
    }
    let bagels = try open("3d")
    #expect(bagels.layout == "mvtec3d-ad")
    #expect(bagels.pictures.map(\.name).contains("MVTec3D-AD/bagel/test/hole/rgb/000.png"))
    #expect(bagels.pictures.count == 4)
    #expect(bagels.pictures.filter { !$0.maskPaths.isEmpty }.map(\.state) == [.defective(kind: "hole")])
  }

  @Test("a plain folder has states by its folders' names, masks by stem, and products above")
  func plain() throws {
    for name in ["normal/a.jpg", "normal/deep/b.png", "anomalous/c.png", "anomalous/dent/d.png"] {
      try folder.picture("plain/\(name)")
    }
    try folder.mask("plain/masks/c.png")
    let dataset = try open("plain")
    #expect(dataset.layout == "plain")
    #expect(dataset.pictures.map(\.state).count { $0 == .good } == 2)
    #expect(dataset.pictures.contains { $0.state == .defective(kind: "dent") })
    #expect(dataset.shortcomings(.mask) == ["plain/plain/test/dent/dent/d.png"])
    for name in ["cup/ok/a.png", "cup/ng/b.png", "lid/ok/a.png"] { try folder.picture("products/\(name)") }
    #expect(try open("products").categories == ["cup", "lid"])
    for name in ["dump/a.png", "dump/x/b.jpg"] { try folder.picture(name) }
    #expect(try open("dump").pictures.map(\.state) == [.unlabelled, .unlabelled])
  }

  @Test("folders of a plain data set may be spelt in letters of either case")
  func plainSpelling() throws {
    for name in ["Good/a.png", "NG/b.png", "Reference/c.png"] { try folder.picture("Parts/\(name)") }
    try folder.mask("Parts/Masks/b.png")
    let dataset = try open("Parts")
    #expect(dataset.pictures.map(\.state) == [.good, .good, .defective(kind: "NG")])
    #expect(dataset.pictures.map(\.split) == [.train, .test, .test])
    #expect(dataset.pictures[2].maskPaths == [folder.path("Parts/Masks/b.png")])
  }

  @Test("pictures of one file name in two folders of the same state have names of their own")
  func plainNamesakes() throws {
    for name in ["good/1.png", "ok/1.png", "bad/dent/1.png", "ng/dent/1.png"] {
      try folder.picture("parts/\(name)")
    }
    let names = try open("parts").pictures.map(\.name)
    #expect(
      names == [
        "parts/parts/test/good/1.png", "parts/parts/test/good/ok/1.png", "parts/parts/test/dent/dent/1.png",
        "parts/parts/test/dent/ng/dent/1.png",
      ])
    try FewShotFolders(
      source: folder.path("parts"), output: folder.path("few"), count: 2, perClass: 0...1, seed: 1)
    let halves = try ["train", "evaluation"].map { try MMADDataset(root: folder.path("few/\($0)")).samples }
    #expect(Set(halves.joined().map(\.name)).count == 4 && halves.map(\.count).reduce(0, +) == 4)
  }

  @Test("somebody's own products in the form of a published data set do not pass for it")
  func ownForms() throws {
    for index in 0..<15 { try folder.mvtecForm("mine/part\(index)") }
    let survey = DatasetSurvey(of: try open("mine"))
    #expect(survey.title == "mine" && survey.comparisons.isEmpty)
    try folder.picture("boards/relay/Data/Images/Normal/0000.JPG")
    #expect(try open("boards").pictures.map(\.name) == ["boards/relay/test/good/0000.JPG"])
    for place in ["train/good", "test/good"] { try folder.picture("scans/gear/\(place)/rgb/000.png") }
    #expect(try open("scans").title == "scans")
    try folder.mvtecForm("kits/toolbox", kinds: ["logical_anomalies"])
    #expect(try open("kits").title == "kits")
  }

  @Test("what is no data set is refused with the list of what is known")
  func unknown() throws {
    try folder.write("nothing", to: "empty/readme.txt")
    let error = #expect(throws: DatasetError.self) { try open("empty") }
    #expect(error?.message.contains("mvtec-loco") == true)
    #expect(throws: DatasetError.self) { try open("nowhere") }
  }

  @Test("a survey counts by class and compares only whole copies with published numbers")
  func survey() throws {
    try folder.mvtecForm("mvtec/bottle", kinds: ["broken_large", "contamination"])
    let survey = DatasetSurvey(of: try open("mvtec"))
    #expect(survey.comparisons.isEmpty && survey.isComplete)
    #expect(survey.json["categories"]?["bottle"]?["test_defective"]?["contamination"]?.int == 1)
    for category in MVTecAD.categories where category != "bottle" {
      try folder.mvtecForm("mvtec/\(category)")
    }
    let whole = DatasetSurvey(of: try open("mvtec"))
    #expect(whole.comparisons.map(\.published) == [3629, 0, 467, 1258])
    #expect(whole.comparisons.map(\.found) == [45, 0, 15, 16])
  }

  @Test("MMAD's published totals add up")
  func totals() {
    #expect(MMADTotals.rows.map(\.total) == [8338, 7624, 10622, 13088])
    #expect(MMADTotals.rows.reduce(0) { $0 + $1.total } == MMADTotals.questions)
    #expect(MMADTotals.rows.reduce(0) { $0 + $1.normal + $1.abnormal } == 8297)
  }

  @Test("questions whose answer the metric cannot count are told")
  func uncounted() throws {
    let options = ["A", "B", "C", "D", "E", "F"].map { #""\#($0)":"\#($0)""# }.joined(separator: ",")
    func question(_ answer: String) -> String {
      #"{"Question":"Which?","Answer":"\#(answer)","Options":{\#(options)},"type":"Defect Analysis"}"#
    }
    try folder.write(
      #"{"Mine/cup/good/1.png":{"conversation":[\#(question("E")),\#(question("F"))]}}"#, to: "six/mmad.json")
    try folder.picture("six/Mine/cup/good/1.png")
    let dataset = try open("six")
    #expect(
      dataset.shortcomings(.note).contains {
        $0.hasPrefix("questions whose right answer is beyond E") && $0.hasSuffix(": 1")
      })
    #expect(Evaluation(samples: dataset.questioned, promptProtocol: .paper).uncounted == 1)
  }

  @Test("a partial copy of MMAD is compared by its data sets, with what it lacks")
  func partialMMAD() throws {
    try folder.write(
      #"""
      {"VisA/candle/test/good/0001.JPG": {"mask_path": "", "random_templates": ["VisA/candle/train/good/0.JPG"],
        "conversation": [{"Question":"Is there any defect in the object?","Answer":"B",
          "Options":{"A":"Yes.","B":"No."},"type":"Anomaly Detection"}]},
       "VisA/candle/test/bad/000.JPG": {"mask_path": "ground_truth/bad/000.png", "conversation": []}}
      """#, to: "mmad/mmad.json")
    try folder.picture("mmad/VisA/candle/test/good/0001.JPG")
    let dataset = try open("mmad")
    #expect(dataset.layout == "mmad")
    #expect(dataset.shortcomings(.image) == ["VisA/candle/test/bad/000.JPG"])
    #expect(dataset.shortcomings(.mask) == ["VisA/candle/test/bad/000.JPG"])
    #expect(dataset.shortcomings(.template) == ["VisA/candle/train/good/0.JPG"])
    let survey = DatasetSurvey(of: dataset)
    #expect(survey.comparisons.count == 8 && !survey.isComplete)
    #expect(survey.comparisons[0].found == 1 && survey.comparisons[0].published == 943)
  }
}

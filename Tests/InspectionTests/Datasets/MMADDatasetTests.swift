import Foundation
import Inspection
import Testing

/// A miniature of the benchmark in a folder of its own.
private struct WrittenIndex {
  let root: URL

  init(_ index: String, files: [String] = [], texts: [String: String] = [:]) throws {
    root = FileManager.default.temporaryDirectory.appending(path: "mmad-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    var contents = texts
    contents["mmad.json"] = index
    for file in files { contents[file] = "" }
    for (name, text) in contents {
      let url = root.appending(path: name)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
  }

  func remove() { try? FileManager.default.removeItem(at: root) }
}

@Suite("MMAD on a disk")
struct MMADDatasetTests {
  private static let image = "DS-MVTec/bottle/image/broken_large/000.png"
  private static let index = #"""
    {"DS-MVTec/bottle/image/broken_large/000.png": {
      "image_path": "image/broken_large/000.png", "mask_path": "rbg_mask/broken_large/000_rbg_mask.png",
      "similar_templates": ["MVTec-AD/bottle/train/good/026.png"],
      "random_templates": ["MVTec-AD/bottle/train/good/101.png", "MVTec-AD/bottle/train/good/026.png"],
      "conversation_v2": [
        {"Question":"Is there any defect in the object?","Answer":"A","Options":{"A":"Yes.","B":"No."},
         "type":"Anomaly Detection","annotation":true},
        {"Question":"What is it made of?","Answer":"A","Options":{"D":"Wood.","A":"Glass.","C":"Tin."},
         "type":"Object Structure"}],
      "conversation": []},
     "GoodsAD/box/test/bad/000001.jpg": {"mask_path": null, "conversation": [
        {"Question":"Is there any defect in the object?","Answer":"B","Options":{"A":"Yes.","B":"No."},
         "type":"Anomaly Detection"}]}}
    """#
  private static let files = [
    image, "GoodsAD/box/test/bad/000001.jpg", "MVTec-AD/bottle/train/good/101.png",
    "DS-MVTec/bottle/rgb_mask/broken_large/000_rgb_mask.png",
  ]

  @Test("records become samples: order of options, first conversation, masks of either spelling, templates")
  func loads() throws {
    let folder = try WrittenIndex(
      Self.index, files: Self.files,
      texts: ["domain_knowledge.json": #"{"MVTec":{"bottle":{"good":"Round.","broken":"Shards."}}}"#])
    defer { folder.remove() }
    let dataset = try MMADDataset(root: folder.root.path)
    #expect(dataset.samples.map(\.name) == [Self.image, "GoodsAD/box/test/bad/000001.jpg"])
    let bottle = dataset.samples[0]
    #expect(bottle.dataset == "DS-MVTec" && bottle.category == "bottle" && !bottle.isNormal)
    #expect(bottle.maskPath?.hasSuffix("rgb_mask/broken_large/000_rgb_mask.png") == true)
    #expect(bottle.questions.count == 2)
    #expect(bottle.questions[1].options.map(\.text) == ["Wood.", "Glass.", "Tin."])
    #expect(bottle.questions[1].options.map(\.letter) == ["A", "B", "C"])
    #expect(bottle.questions[1].answer == "B")
    #expect(bottle.questions[1].type == .objectAnalysis)
    #expect(bottle.questions[1].publishedType == "Object Structure")
    #expect(bottle.randomTemplates.count == 1 && bottle.similarTemplates.isEmpty)
    #expect(dataset.missingTemplates == ["MVTec-AD/bottle/train/good/026.png"])
    #expect(dataset.missingMasks.isEmpty && dataset.samples[1].maskPath == nil)
    #expect(dataset.domainKnowledge?.text(dataset: "DS-MVTec", category: "bottle") == "Round.\nShards.")
    #expect(dataset.questionCount == 3)
    #expect(dataset.questionCount(dataset: "DS-MVTec", type: .anomalyDetection, normal: false) == 1)
  }

  @Test("GoodsAD's name makes no picture normal, the word good in a path does")
  func normality() {
    #expect(!InspectionSample.isNormal("GoodsAD/box/test/opened/1.jpg"))
    #expect(InspectionSample.isNormal("GoodsAD/box/test/good/1.jpg"))
  }

  @Test("a missing image is an error that names it; other data sets can still be chosen")
  func missingImage() throws {
    let folder = try WrittenIndex(Self.index, files: Array(Self.files.dropFirst()))
    defer { folder.remove() }
    let error = #expect(throws: DatasetError.self) { try MMADDataset(root: folder.root.path) }
    #expect(error?.message.contains("1 of 2 images are missing, the first is") == true)
    #expect(error?.message.contains(Self.image) == true)
    #expect(try MMADDataset(root: folder.root.path, datasets: ["GoodsAD"]).samples.count == 1)
    #expect(throws: DatasetError.self) { try MMADDataset(root: folder.root.path, datasets: ["VisA"]) }
  }

  @Test(
    "a record that is not as it should be is named with the reason",
    arguments: [
      (#"{"a/b/c.png": {}}"#, "no key starts with \"conversation\""),
      (#"{"a/b/c.png": {"conversation": {}}}"#, "not a list"),
      (#"{"c.png": {"conversation": []}}"#, "not a path of the form"),
      (#"{"a/../../etc/passwd": {"conversation": []}}"#, "does not lie inside"),
      (
        #"{"a/b/c.png": {"conversation": [{"Question":"?","Answer":"C","Options":{"A":"x"},"type":"Defect Analysis"}]}}"#,
        "the answer \"C\" is not among the options A"
      ),
      (
        #"{"a/b/c.png": {"conversation": [{"Question":"?","Answer":"A","Options":{"A":"x"},"type":"Defects"}]}}"#,
        "unknown type \"Defects\""
      ),
      (
        #"{"a/b/c.png": {"conversation": [{"Answer":"A","Options":{"A":"x"},"type":"Defect Analysis"}]}}"#,
        "question 1: it lacks \"Question\""
      ),
      ("[]", "not an object keyed by image path"), ("{", "line 1"),
    ])
  func badRecords(_ index: String, _ reason: String) throws {
    let folder = try WrittenIndex(index)
    defer { folder.remove() }
    let error = #expect(throws: DatasetError.self) { try MMADDataset(root: folder.root.path) }
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
  }

  @Test("a folder without index says so")
  func noIndex() {
    let error = #expect(throws: DatasetError.self) { try MMADDataset(root: "/nowhere") }
    #expect(error?.message.hasPrefix("/nowhere/mmad.json: no such file") == true)
  }
}

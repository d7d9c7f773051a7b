import Inspection
import Testing

@Suite("Pictures to be asked about")
struct EvaluationPicturesTests {
  private let folder: Miniature

  init() throws { folder = try Miniature() }

  @Test(
    "test pictures of a labelled data set are asked for defects, with good training pictures as references")
  func labelled() throws {
    try folder.mvtecForm("mvtec/bottle", kinds: ["broken_large"])
    let pictures = try EvaluationPictures(path: folder.path("mvtec"), seed: 1)
    #expect(pictures.layout == "mvtec-ad" && pictures.samples.count == 2)
    let (defective, good) = (pictures.samples[0], pictures.samples[1])
    #expect(defective.name == "MVTec-AD/bottle/test/broken_large/000.png")
    #expect(defective.questions[0].answer == "A" && good.questions[0].answer == "B")
    #expect(!defective.isNormal && good.isNormal && defective.maskPath != nil)
    #expect(Set(defective.randomTemplates).count == 3 && defective.similarTemplates.isEmpty)
    #expect(
      try defective.referenceCandidates == (0..<3).map { folder.path("mvtec/bottle/train/good/00\($0).png") })
  }

  @Test("a state that the benchmark's rule on names would misread is stated")
  func stated() throws {
    for name in ["normal/a.png", "anomalous/no_good/b.png"] { try folder.picture("goods/\(name)") }
    let pictures = try EvaluationPictures(path: folder.path("goods"))
    #expect(pictures.samples.map(\.isNormal) == [true, false])
    #expect(pictures.samples.map(\.statedNormal) == [nil, false])
    #expect(try pictures.samples[0].referenceCandidates.isEmpty)
  }

  @Test("pictures nobody has labelled, and rows without pictures to test, are refused")
  func refused() throws {
    try folder.picture("dump/a.png")
    let error = #expect(throws: DatasetError.self) { try EvaluationPictures(path: folder.path("dump")) }
    #expect(error?.message.contains("no test picture whose state is known") == true)
  }
}

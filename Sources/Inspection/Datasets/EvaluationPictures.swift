/// The pictures an evaluation asks about, out of a data set of any layout.
///
/// MMAD and data sets in its layout bring their questions. Of other labelled ones the test pictures are asked whether
/// there is a defect, with good training pictures as references.
public struct EvaluationPictures: Sendable {
  public let samples: [InspectionSample]
  public let missingTemplates: Int
  public let domainKnowledge: DomainKnowledge?
  /// The name of the layout.
  public let layout: String

  /// Where the pictures lie, by name.
  public var paths: [String: String] {
    Dictionary(samples.map { ($0.name, $0.imagePath) }, uniquingKeysWith: { first, _ in first })
  }

  /// References listed for a picture of a data set that brings none.
  private static let listedReferences = 8

  /// - Parameter seed: decides which good pictures serve as random references where the data set does not say.
  /// - Throws: ``DatasetError`` when the path is no data set with labelled test pictures, or pictures are missing.
  public init(path: String, seed: UInt64 = 0) throws(DatasetError) {
    let layout = try DatasetCatalogue.layout(of: path)
    self.layout = layout.name
    if layout is MMADLayout {
      let dataset = try MMADDataset(root: path)
      samples = dataset.samples
      missingTemplates = dataset.missingTemplates.count
      domainKnowledge = dataset.domainKnowledge
      return
    }
    let dataset = try layout.read(path)
    if let missing = dataset.shortcomings(.image).first {
      throw DatasetError(
        message: "\(path): \(dataset.shortcomings(.image).count) images are missing, the first is \(missing)")
    }
    samples = Self.samples(of: dataset, seed: seed)
    missingTemplates = 0
    domainKnowledge = nil
    guard !samples.isEmpty else {
      throw DatasetError(
        message:
          "\(path) is read as \(layout.name) and has no test picture whose state is known; an evaluation needs "
          + "questions (mmad.json), test folders, or normal/ and anomalous/")
    }
  }

  private static func samples(of dataset: Dataset, seed: UInt64) -> [InspectionSample] {
    var good: [String: [String]] = [:]
    for picture in dataset.pictures where picture.split == .train && picture.state == .good {
      good[picture.category, default: []].append(picture.imagePath)
    }
    let asked = InspectionQuestion.anomalyDetection
    return dataset.pictures.filter { $0.split == .test && $0.state != .unlabelled }.map { picture in
      var random = SeededRandom(seed: seed, name: "references/\(picture.name)", index: 0)
      let references = random.shuffled(good[picture.category] ?? []).prefix(listedReferences)
      let isGood = picture.state == .good
      return InspectionSample(
        name: picture.name, imagePath: picture.imagePath,
        // One file can stand for a mask on a page; the union of several is for metrics.
        maskPath: picture.maskPaths.count == 1 ? picture.maskPaths[0] : nil,
        randomTemplates: Array(references),
        questions: [
          InspectionQuestion(
            text: asked.text, options: asked.options, answer: isGood ? "B" : "A", type: asked.type)
        ],
        statedNormal: InspectionSample.isNormal(picture.name) == isGood ? nil : isGood)
    }
  }
}

extension InspectionSample {
  /// Good pictures that a similar reference can be looked for among: those in the folders of the listed references, in
  /// the order of their paths, without the picture itself.
  public var referenceCandidates: [String] {
    get throws(DatasetError) {
      var folders: [String] = []
      for template in randomTemplates {
        let folder = DatasetFolder.parent(of: template)
        if !folders.contains(folder) { folders.append(folder) }
      }
      var found: [String] = []
      for folder in folders {
        found += try DatasetFolder(path: folder).images.map { DatasetFolder.joined(folder, $0) }
      }
      return found.filter { $0 != imagePath }
    }
  }
}

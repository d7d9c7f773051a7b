import FoundationEssentials
import OrderedJSON

/// The MMAD benchmark on a disk, or any data set in its layout: pictures, and `mmad.json` beside them.
public struct MMADDataset: Sendable {
  /// Folder that the names in `mmad.json` are relative to.
  public let root: String
  /// In the order of the file.
  public let samples: [InspectionSample]
  /// Names of reference pictures that the file lists and the disk lacks, each once; samples go without them.
  public let missingTemplates: [String]
  /// Names of samples whose mask is listed and not on the disk.
  public let missingMasks: [String]
  /// The contents of `domain_knowledge.json`, where there is one.
  public let domainKnowledge: DomainKnowledge?

  /// Reads the whole index; pictures are not opened.
  ///
  /// - Parameters:
  ///   - root: the folder with the data sets.
  ///   - index: the index, relative to the root or absolute.
  ///   - datasets: keeps only these data sets; `nil` keeps all.
  ///   - requiringImages: whether a listed picture that is not on the disk is an error.
  /// - Throws: ``DatasetError`` naming file, record and reason; a picture is never left out or replaced silently.
  public init(
    root: String, index: String = "mmad.json", datasets: [String]? = nil, requiringImages: Bool = true
  ) throws(DatasetError) {
    var reader = MMADReader(root: root)
    let path = index.hasPrefix("/") ? index : MMADReader.joined(root, index)
    let samples = try reader.samples(indexPath: path, datasets: datasets)
    if let datasets {
      let present = Set(samples.map(\.dataset))
      if let unknown = datasets.first(where: { !present.contains($0) }) {
        throw DatasetError(message: "\(path): no record belongs to the data set \"\(unknown)\"")
      }
    }
    if requiringImages {
      var missing: [InspectionSample] = []
      for sample in samples where try !reader.exists(sample.imagePath) { missing.append(sample) }
      if let first = missing.first {
        throw DatasetError(
          message: "\(path): \(missing.count) of \(samples.count) images are missing, the first is "
            + "\(first.imagePath); complete the copy or choose the data sets that are there")
      }
    }
    self.root = root
    self.samples = samples
    missingTemplates = reader.missingTemplates
    missingMasks = reader.missingMasks
    let knowledge = MMADReader.joined(root, "domain_knowledge.json")
    if let data = FileManager.default.contents(atPath: knowledge) {
      domainKnowledge = try DomainKnowledge(parsing: [UInt8](data), name: knowledge)
    } else {
      domainKnowledge = nil
    }
  }

  public var questionCount: Int { samples.reduce(0) { $0 + $1.questions.count } }

  /// Questions of a type in a data set; with `normal` only on normal or only on abnormal pictures.
  public func questionCount(dataset: String, type: QuestionType, normal: Bool? = nil) -> Int {
    samples.reduce(0) { count, sample in
      guard sample.dataset == dataset, normal == nil || sample.isNormal == normal else { return count }
      return count + sample.questions.count { $0.type == type }
    }
  }
}

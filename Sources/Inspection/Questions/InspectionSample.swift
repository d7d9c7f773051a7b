/// A picture with the questions asked about it.
public struct InspectionSample: Sendable, Equatable {
  /// The picture's name inside its data set, with `/` between components: `DS-MVTec/bottle/image/good/000.png`.
  /// It identifies the sample in answer files.
  public let name: String
  /// Where the picture lies.
  public let imagePath: String
  /// Where the mask of its defect lies; `nil` for a normal picture or when no mask was published.
  public let maskPath: String?
  /// Pictures of good parts, drawn at random by the benchmark's authors; missing ones are left out.
  public let randomTemplates: [String]
  /// Pictures of good parts that look like this one; missing ones are left out.
  public let similarTemplates: [String]
  public let questions: [InspectionQuestion]
  /// What the data set says of the picture's state, where the benchmark's rule on its name says otherwise.
  public let statedNormal: Bool?
  /// The first component of the name.
  public let dataset: String
  /// The second component of the name: the class of the product.
  public let category: String

  public init(
    name: String, imagePath: String, maskPath: String? = nil, randomTemplates: [String] = [],
    similarTemplates: [String] = [], questions: [InspectionQuestion], statedNormal: Bool? = nil
  ) {
    self.name = name
    self.imagePath = imagePath
    self.maskPath = maskPath
    self.randomTemplates = randomTemplates
    self.similarTemplates = similarTemplates
    self.questions = questions
    self.statedNormal = statedNormal
    let components = name.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    self.dataset = components.first.map(String.init) ?? ""
    self.category = components.count > 1 ? String(components[1]) : ""
  }

  /// Whether the picture counts as normal: as its data set states, or by the benchmark's rule that its name contains
  /// "good", case-sensitively, so that the `G` of `GoodsAD` decides nothing.
  public var isNormal: Bool { statedNormal ?? InspectionSample.isNormal(name) }

  /// A file's name inside the data set; one that lies elsewhere keeps its path.
  func name(ofFile path: String) -> String {
    guard imagePath.hasSuffix("/" + name) else { return path }
    let root = imagePath.dropLast(name.utf8.count)
    return path.hasPrefix(root) ? String(path.dropFirst(root.count)) : path
  }

  /// Where a file of the data set lies: the reverse of ``name(ofFile:)``.
  func path(ofName name: String) -> String {
    guard !name.hasPrefix("/"), imagePath.hasSuffix("/" + self.name) else { return name }
    return imagePath.dropLast(self.name.utf8.count) + name
  }

  /// The sample with other similar references.
  public func with(similarTemplates: [String]) -> InspectionSample {
    InspectionSample(
      name: name, imagePath: imagePath, maskPath: maskPath, randomTemplates: randomTemplates,
      similarTemplates: similarTemplates, questions: questions, statedNormal: statedNormal)
  }

  /// The benchmark's rule on a picture's name.
  public static func isNormal(_ name: String) -> Bool {
    let word = Array("good".utf8)
    let bytes = Array(name.utf8)
    guard bytes.count >= word.count else { return false }
    return (0...(bytes.count - word.count)).contains { bytes[$0..<($0 + word.count)].elementsEqual(word) }
  }
}

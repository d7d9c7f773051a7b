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
  /// The first component of the name.
  public let dataset: String
  /// The second component of the name: the class of the product.
  public let category: String

  public init(
    name: String, imagePath: String, maskPath: String? = nil, randomTemplates: [String] = [],
    similarTemplates: [String] = [], questions: [InspectionQuestion]
  ) {
    self.name = name
    self.imagePath = imagePath
    self.maskPath = maskPath
    self.randomTemplates = randomTemplates
    self.similarTemplates = similarTemplates
    self.questions = questions
    let components = name.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    self.dataset = components.first.map(String.init) ?? ""
    self.category = components.count > 1 ? String(components[1]) : ""
  }

  /// Whether the benchmark counts the picture as normal: its name contains "good", case-sensitively, so that
  /// the `G` of `GoodsAD` decides nothing.
  public var isNormal: Bool { InspectionSample.isNormal(name) }

  /// The benchmark's rule on a picture's name.
  public static func isNormal(_ name: String) -> Bool {
    let word = Array("good".utf8)
    let bytes = Array(name.utf8)
    guard bytes.count >= word.count else { return false }
    return (0...(bytes.count - word.count)).contains { bytes[$0..<($0 + word.count)].elementsEqual(word) }
  }
}

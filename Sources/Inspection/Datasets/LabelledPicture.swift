/// A picture of a product with what is known of its state.
public struct LabelledPicture: Sendable, Equatable {
  public enum Split: String, Sendable, CaseIterable {
    case train, validation, test
  }

  public enum State: Sendable, Equatable, Hashable {
    case good
    /// The kind of defect as the data set's folder names it.
    case defective(kind: String)
    /// Nobody has said.
    case unlabelled

    /// The folder a picture of this state lies in, in MVTec's form.
    public var folder: String {
      switch self {
      case .good: "good"
      case .defective(let kind): kind
      case .unlabelled: "unlabelled"
      }
    }
  }

  /// `<data set>/<category>/<split>/<state>/<file>`, whatever the folders are called on the disk: the same picture has
  /// the same name in every form of a data set, and in MMAD.
  public let name: String
  /// Where the picture lies.
  public let imagePath: String
  /// The class of the product.
  public let category: String
  public let split: Split
  public let state: State
  /// Where the masks of its defects lie: together they cover them. Any pixel that is not black is defective.
  public let maskPaths: [String]

  public init(
    dataset: String, category: String, split: Split, state: State, file: String, imagePath: String,
    maskPaths: [String] = []
  ) {
    name = "\(dataset)/\(category)/\(split.rawValue)/\(state.folder)/\(file)"
    self.imagePath = imagePath
    self.category = category
    self.split = split
    self.state = state
    self.maskPaths = maskPaths
  }

  public var isDefective: Bool { if case .defective = state { true } else { false } }
}

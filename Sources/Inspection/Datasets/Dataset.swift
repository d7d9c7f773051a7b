/// What a data set's folder holds.
public struct Dataset: Sendable {
  /// A file that belongs to the data set and is not there.
  public struct Shortcoming: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
      /// A picture that an index lists. What needs it cannot go on.
      case image
      /// The mask of a defective picture. Metrics of regions leave the picture out.
      case mask
      /// A picture of a good product to compare with. Prompts go without it.
      case template
      /// Anything else, in words.
      case note
    }

    public let kind: Kind
    /// The file, or the note.
    public let name: String
  }

  /// The name of its layout in ``DatasetCatalogue``.
  public let layout: String
  /// The data set's own name.
  public let title: String
  public let root: String
  /// Pictures with their states, for layouts that tell states.
  public let pictures: [LabelledPicture]
  /// Pictures with questions, for layouts that bring their own.
  public let questioned: [InspectionSample]
  /// Pictures with a described region or another task, for training rows.
  public let examples: [InstructionExample]
  public let shortcomings: [Shortcoming]
  public let domainKnowledge: DomainKnowledge?

  init(
    layout: String, title: String, root: String, pictures: [LabelledPicture] = [],
    questioned: [InspectionSample] = [], examples: [InstructionExample] = [],
    shortcomings: [Shortcoming] = [],
    domainKnowledge: DomainKnowledge? = nil
  ) {
    self.layout = layout
    self.title = title
    self.root = root
    self.pictures = pictures
    self.questioned = questioned
    self.examples = examples
    self.shortcomings = shortcomings
    self.domainKnowledge = domainKnowledge
  }

  public func shortcomings(_ kind: Shortcoming.Kind) -> [String] {
    shortcomings.filter { $0.kind == kind }.map(\.name)
  }

  /// Classes of products in the order in which they occur.
  public var categories: [String] {
    var known: Set<String> = []
    let names =
      pictures.isEmpty ? questioned.map { "\($0.dataset)/\($0.category)" } : pictures.map(\.category)
    return names.filter { known.insert($0).inserted }
  }

  public func count(_ split: LabelledPicture.Split, where matches: (LabelledPicture.State) -> Bool) -> Int {
    pictures.count { $0.split == split && matches($0.state) }
  }
}

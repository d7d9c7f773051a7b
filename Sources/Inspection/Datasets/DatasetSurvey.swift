public import OrderedJSON

/// What a data set is, how much of it there is, and what it lacks: the answer to `ar1 data check`.
public struct DatasetSurvey: Sendable {
  /// Pictures of one class of products.
  public struct Category: Sendable, Equatable {
    public let name: String
    /// Good pictures to learn from or to compare with.
    public var train = 0
    public var validation = 0
    public var testGood = 0
    /// Defective test pictures by kind, in the order of the kinds' names.
    public var testDefective: [String: Int] = [:]
    public var unlabelled = 0
    public var masks = 0
    public var questions = 0

    public var images: Int {
      train + validation + testGood + testDefective.values.reduce(0, +) + unlabelled
    }
  }

  public let layout: String
  public let title: String
  public let root: String
  public let categories: [Category]
  /// Rows with a box, a letter or a text, by the solution's kind.
  public let rows: [(kind: String, count: Int)]
  public let comparisons: [PublishedCount]
  public let shortcomings: [Dataset.Shortcoming]

  public init(of dataset: Dataset) {
    layout = dataset.layout
    title = dataset.title
    root = dataset.root
    shortcomings = dataset.shortcomings
    categories = Self.categories(of: dataset)
    let kinds = dataset.examples.map { example -> String in
      switch example.solution {
      case .boxes: "box"
      case .letter: "letter"
      case .text: "text"
      }
    }
    rows = ["box", "letter", "text"].map { kind in (kind, kinds.count { $0 == kind }) }.filter { $0.1 > 0 }
    if dataset.questioned.isEmpty {
      comparisons = Self.comparisons(of: categories, layout: dataset.layout, title: dataset.title)
    } else {
      comparisons = MMADTotals.comparisons(of: dataset.questioned)
    }
  }

  /// Whether pictures that an index names are missing: what needs them cannot go on.
  public var isComplete: Bool { !shortcomings.contains { $0.kind == .image } }

  private static func categories(of dataset: Dataset) -> [Category] {
    var order: [String] = []
    var found: [String: Category] = [:]
    func add(_ name: String, _ change: (inout Category) -> Void) {
      if found[name] == nil { order.append(name) }
      change(&found[name, default: Category(name: name)])
    }
    for picture in dataset.pictures {
      add(picture.category) { category in
        category.masks += picture.maskPaths.isEmpty ? 0 : 1
        switch (picture.split, picture.state) {
        case (_, .unlabelled): category.unlabelled += 1
        case (.test, .good): category.testGood += 1
        case (.test, .defective(let kind)): category.testDefective[kind, default: 0] += 1
        case (.train, _): category.train += 1
        case (.validation, _): category.validation += 1
        }
      }
    }
    for sample in dataset.questioned {
      add("\(sample.dataset)/\(sample.category)") { category in
        category.questions += sample.questions.count
        category.masks += sample.maskPath == nil ? 0 : 1
        if sample.isNormal {
          category.testGood += 1
        } else {
          category.testDefective[Self.kind(of: sample), default: 0] += 1
        }
      }
    }
    return order.compactMap { found[$0] }
  }

  /// The kind of defect of an abnormal picture: in all of MMAD's names the fourth component.
  private static func kind(of sample: InspectionSample) -> String {
    let parts = sample.name.split(separator: "/")
    return parts.count > 4 ? String(parts[3]) : "defective"
  }

  /// A copy beside the numbers its authors state, when all categories are there. Somebody's own data in the same form
  /// has another title.
  private static func comparisons(
    of categories: [Category], layout: String, title: String
  ) -> [PublishedCount] {
    guard let published = DatasetCatalogue.layout(named: layout)?.published, title == published.title,
      categories.count == published.categories
    else { return [] }
    func sum(_ value: (Category) -> Int) -> Int { categories.reduce(0) { $0 + value($1) } }
    return [
      .init(what: "training pictures", found: sum(\.train), published: published.train),
      .init(what: "validation pictures", found: sum(\.validation), published: published.validation),
      .init(what: "good test pictures", found: sum(\.testGood), published: published.testGood),
      .init(
        what: "defective test pictures", found: sum { $0.testDefective.values.reduce(0, +) },
        published: published.testDefective),
    ]
  }

  /// The survey as one document.
  public var json: JSON {
    .object([
      .init("layout", .string(layout)), .init("title", .string(title)), .init("root", .string(root)),
      .init("complete", .bool(isComplete)),
      .init("images", .integer(categories.reduce(0) { $0 + $1.images })),
      .init("questions", .integer(categories.reduce(0) { $0 + $1.questions })),
      .init("rows", .object(rows.map { .init($0.kind, .integer($0.count)) })),
      .init("categories", .object(categories.map { .init($0.name, Self.json($0)) })),
      .init(
        "published",
        .array(
          comparisons.map {
            [
              "what": .string($0.what), "found": .integer($0.found), "published": .integer($0.published),
              "agrees": .bool($0.agrees),
            ]
          })),
      .init(
        "missing",
        .object(
          Dataset.Shortcoming.Kind.allCases.map { kind in
            .init(
              kind.rawValue, .array(shortcomings.filter { $0.kind == kind }.map { .string($0.name) }))
          })),
    ])
  }

  private static func json(_ category: Category) -> JSON {
    [
      "train": .integer(category.train), "validation": .integer(category.validation),
      "test_good": .integer(category.testGood),
      "test_defective": .object(
        category.testDefective.sorted { $0.key < $1.key }.map { .init($0.key, .integer($0.value)) }),
      "unlabelled": .integer(category.unlabelled), "masks": .integer(category.masks),
      "questions": .integer(category.questions),
    ]
  }
}

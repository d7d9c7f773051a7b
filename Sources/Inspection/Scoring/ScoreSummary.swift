public import OrderedJSON

/// The counts of a scored set of images, in all and by class.
public struct ScoreSummary: Sendable, Equatable {
  public struct Counts: Sendable, Equatable {
    public var images = 0
    public var defective = 0
    public var good = 0
    public var unclear = 0
    /// Without a decision, the quarantined ones among them.
    public var failed = 0
    public var quarantined = 0
    /// With grey above 255, which the model has seen as white.
    public var clipped = 0

    mutating func add(_ row: ScoreRow) {
      images += 1
      switch row.decision {
      case .defect: defective += 1
      case .good: good += 1
      case .unclear: unclear += 1
      case nil: failed += 1
      }
      if row.isQuarantined { quarantined += 1 }
      if row.isClipped { clipped += 1 }
    }
  }

  public private(set) var all = Counts()
  /// By class in the order of their names; empty where images have none.
  public private(set) var categories: [(name: String, counts: Counts)] = []
  /// Images by probability in 20 equal steps, and how many of each were called defective.
  public private(set) var histogram = [(images: Int, defective: Int)](repeating: (0, 0), count: 20)

  public init(_ rows: [ScoreRow]) {
    var byCategory: [String: Counts] = [:]
    for row in rows {
      all.add(row)
      if let category = row.category { byCategory[category, default: Counts()].add(row) }
      if let probability = row.probability, row.error == nil {
        let step = min(max(Int(probability * 20), 0), 19)
        histogram[step].images += 1
        if row.decision == .defect { histogram[step].defective += 1 }
      }
    }
    categories = byCategory.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  public static func == (a: ScoreSummary, b: ScoreSummary) -> Bool {
    a.all == b.all && a.categories.map(\.name) == b.categories.map(\.name)
      && a.categories.map(\.counts) == b.categories.map(\.counts)
  }

  /// The counts as members of `run.json`.
  public var members: [JSON.Member] {
    Self.members(of: all)
      + (categories.isEmpty
        ? []
        : [
          .init(
            "classes",
            .object(categories.map { .init($0.name, .object(Self.members(of: $0.counts))) }))
        ])
  }

  private static func members(of counts: Counts) -> [JSON.Member] {
    [
      .init("images", .integer(counts.images)), .init("defective", .integer(counts.defective)),
      .init("good", .integer(counts.good)), .init("unclear", .integer(counts.unclear)),
      .init("failed", .integer(counts.failed)), .init("quarantined", .integer(counts.quarantined)),
      .init("clipped", .integer(counts.clipped)),
    ]
  }
}

/// The few pictures a training sees, chosen evenly over everything there is (paper, section 3.5: 600 images;
/// section 1: 2 to 5 of each class).
///
/// A class is one kind of picture of one product: the folder a picture lies in, such as
/// `DS-MVTec/bottle/image/broken_large`. Classes take turns until enough pictures are chosen, so that rare defects
/// are seen as often as common ones; which pictures of a class, and which classes get one more than others, is
/// decided by the seed.
public struct FewShotSelection: Sendable, Equatable {
  /// Chosen names in the order of the input.
  public let training: [String]
  /// Everything else, in the order of the input.
  public let remaining: [String]
  /// How many of each class were chosen.
  public let classes: [(name: String, chosen: Int, of: Int)]

  /// - Parameters:
  ///   - names: pictures by their names inside the data set.
  ///   - count: how many to choose; fewer are chosen when the classes cannot give as many.
  ///   - perClass: a class gives at least the lower and at most the upper number, or all it has.
  ///   - seed: decides which.
  public init(of names: [String], count: Int, perClass: ClosedRange<Int>, seed: UInt64) {
    var pictures: [String: [String]] = [:]
    for name in names { pictures[Self.className(name), default: []].append(name) }
    var random = SeededRandom(seed: seed, name: "few-shot", index: 0)
    let turns = random.shuffled(pictures.keys.sorted())
    let queues = turns.map { random.shuffled(pictures[$0]?.sorted() ?? []) }
    var taken = queues.map { min($0.count, perClass.lowerBound) }
    var total = taken.reduce(0, +)
    for round in perClass.dropFirst() {
      guard total < count else { break }
      for index in queues.indices where total < count && queues[index].count >= round {
        taken[index] = round
        total += 1
      }
    }
    let chosen = Set(zip(queues, taken).flatMap { $0.prefix($1) })
    training = names.filter { chosen.contains($0) }
    remaining = names.filter { !chosen.contains($0) }
    classes = zip(turns, zip(taken, queues)).map { ($0, $1.0, $1.1.count) }.sorted { $0.name < $1.name }
  }

  /// The folder a picture lies in.
  static func className(_ name: String) -> String {
    name.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
  }

  public static func == (a: FewShotSelection, b: FewShotSelection) -> Bool {
    a.training == b.training && a.remaining == b.remaining
  }
}

/// A part of a list that is made up as the whole is: by data set, class and type of question, each in proportion.
///
/// The elements are laid out stratum by stratum, shuffled within each, and taken at even distances, so that any run of
/// neighbouring strata, such as the classes of one data set, gives its share up to one element.
package enum EvenSubset {
  /// The places of chosen elements, in the order of the list.
  ///
  /// - Parameters:
  ///   - strata: of the elements in order; strata whose names begin alike lie beside each other.
  ///   - sizes: what each counts, at least 1.
  ///   - limit: as few elements are chosen as count this much together; all where there is no more.
  ///   - seed: decides which.
  package static func places(strata: [String], sizes: [Int], limit: Int, seed: UInt64) -> [Int] {
    precondition(strata.count == sizes.count, "every element has a stratum and a size")
    guard limit > 0 else { return [] }
    guard sizes.reduce(0, +) > limit else { return Array(strata.indices) }
    var random = SeededRandom(seed: seed, name: "even subset", index: 0)
    var members: [String: [Int]] = [:]
    for (place, stratum) in strata.enumerated() { members[stratum, default: []].append(place) }
    let laidOut = members.keys.sorted().flatMap { random.shuffled(members[$0] ?? []) }
    let start = random.below(laidOut.count)
    func chosen(_ count: Int) -> [Int] {
      (0..<count).map { laidOut[($0 * laidOut.count + start) / count] }
    }
    // A number of elements that reaches the limit where one fewer does not.
    var (few, enough) = (0, laidOut.count)
    while enough - few > 1 {
      let middle = (few + enough) / 2
      if chosen(middle).reduce(0, { $0 + sizes[$1] }) < limit { few = middle } else { enough = middle }
    }
    return chosen(enough).sorted()
  }
}

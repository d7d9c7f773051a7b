/// A part of a list, the newest first, and where the next part begins.
struct Page {
  private let limit: Int

  /// - Parameter asked: how many to give; 1 to 1000 are given.
  init(_ asked: Int) { limit = min(max(asked, 1), 1_000) }

  /// How many to look for: one more than is given tells whether anything follows.
  var lookedFor: Int { limit + 1 }

  /// - Parameters:
  ///   - found: up to `lookedFor`.
  ///   - number: what a later page is asked for by.
  func cut<Element>(
    _ found: [Element], by number: (Element) -> Int64
  ) -> (elements: [Element], next: Int64?) {
    (Array(found.prefix(limit)), found.count > limit ? number(found[limit - 1]) : nil)
  }
}

/// Where a defect is, in words: the cells of a 3 × 3 grid over the picture.
enum DefectLocation {
  /// Row after row, from the upper left.
  static let names = [
    "upper left", "top", "upper right", "left", "center", "right", "lower left", "bottom", "lower right",
  ]

  static func option(_ cell: Int) -> String {
    switch cell {
    case 1: "At the top."
    case 7: "At the bottom."
    case 4: "In the center."
    case 3, 5: "On the \(names[cell])."
    default: "In the \(names[cell])."
    }
  }

  /// The cell that holds most of a defect, and those that hold so little of it that naming them is wrong.
  ///
  /// - Returns: `nil` for a mask without defect, and for a defect spread so evenly that no cell is right alone: the
  ///   right cell must hold a third of it, or half as much again as any other.
  static func cells(of mask: DefectMask) -> (right: Int, wrong: [Int])? {
    guard mask.area > 0 else { return nil }
    let shares = mask.shares()
    let order = shares.indices.sorted { shares[$0] == shares[$1] ? $0 < $1 : shares[$0] > shares[$1] }
    let (first, second) = (shares[order[0]], shares[order[1]])
    guard first >= 1.0 / 3 || first >= 1.5 * second else { return nil }
    let wrong = shares.indices.filter { shares[$0] <= 0.05 }
    return wrong.count >= 3 ? (order[0], wrong) : nil
  }
}

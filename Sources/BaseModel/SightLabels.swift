import Inspection

/// What the vision tower has to see in one picture.
struct SightLabels {
  /// Cells a token's side of 28 pixels is divided into.
  static let cellsPerSide = 2
  /// Good, or one of the kinds of defect.
  static let kinds = 1 + SyntheticDefect.allCases.count

  /// For every token in reading order and every cell of it: 0 for good, 1… for a kind of defect; nil where a
  /// defect shows too little to be judged by.
  let cells: [Int?]
  let product: Int
  let colour: Int

  /// - Parameter leastPixels: a cell with fewer pixels of a defect is not judged.
  init(_ picture: SyntheticPicture, products: [SyntheticProduct], leastPixels: Int) {
    let tokenSide = 28
    let side = picture.mask.width
    let tokens = side / tokenSide
    let cell = tokenSide / Self.cellsPerSide
    let perToken = Self.cellsPerSide * Self.cellsPerSide
    var marked = [Int](repeating: 0, count: tokens * tokens * perToken)
    for row in 0..<tokens * tokenSide {
      for column in 0..<tokens * tokenSide where picture.mask.pixels[(row * side + column) * 3] > 127 {
        let token = row / tokenSide * tokens + column / tokenSide
        let place = row % tokenSide / cell * Self.cellsPerSide + column % tokenSide / cell
        marked[token * perToken + place] += 1
      }
    }
    let kind = picture.defect.flatMap { SyntheticDefect.allCases.firstIndex(of: $0) }.map { $0 + 1 } ?? 0
    cells = marked.map { $0 >= leastPixels ? kind : $0 > 0 ? nil : 0 }
    product = products.firstIndex(of: picture.product) ?? 0
    colour = SyntheticColour.allCases.firstIndex(of: picture.colour) ?? 0
  }
}

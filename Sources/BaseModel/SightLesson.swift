package import Images
package import Inspection

/// A picture and what the vision tower has to see in it.
package struct SightLesson: Sendable {
  /// Cells a token's side of 28 pixels is divided into.
  static let cellsPerSide = 2
  /// Good, or one of the kinds of defect.
  static let kinds = 1 + SyntheticDefect.allCases.count
  /// The eight ways to lay a square picture down.
  package static let orientations = 8

  private static let cell = 14
  /// A cell with fewer pixels of a defect is not judged.
  private static let leastPixels = 6

  package let image: RGBImage
  /// For every cell of the picture, row by row: 0 for good, 1… for a kind of defect, nil for not judged.
  private let grid: [Int?]
  package let product: Int
  package let colour: Int

  package init(_ picture: SyntheticPicture, products: [SyntheticProduct]) {
    self.init(
      image: picture.image, mask: picture.mask,
      kind: picture.defect.flatMap { SyntheticDefect.allCases.firstIndex(of: $0) }.map { $0 + 1 } ?? 0,
      product: products.firstIndex(of: picture.product) ?? 0,
      colour: SyntheticColour.allCases.firstIndex(of: picture.colour) ?? 0)
  }

  /// - Parameters:
  ///   - mask: white where the defect is; square as the image, of whole tokens.
  ///   - kind: 0 for good, 1… for a kind of defect.
  package init(image: RGBImage, mask: RGBImage, kind: Int, product: Int, colour: Int) {
    let cells = mask.width / Self.cell
    var marked = [Int](repeating: 0, count: cells * cells)
    for row in 0..<cells * Self.cell {
      for column in 0..<cells * Self.cell where mask.pixels[(row * mask.width + column) * 3] > 127 {
        marked[row / Self.cell * cells + column / Self.cell] += 1
      }
    }
    let grid = marked.map { $0 >= Self.leastPixels ? kind : $0 > 0 ? nil : 0 }
    self.init(image: image, grid: grid, product: product, colour: colour)
  }

  private init(image: RGBImage, grid: [Int?], product: Int, colour: Int) {
    self.image = image
    self.grid = grid
    self.product = product
    self.colour = colour
  }

  /// The labels of every token in reading order, each with its cells in reading order.
  package var cells: [Int?] {
    let perToken = Self.cellsPerSide
    let side = image.width / Self.cell
    let tokens = side / perToken
    return (0..<tokens * tokens).flatMap { token in
      (0..<perToken * perToken).map { place in
        let row = token / tokens * perToken + place / perToken
        let column = token % tokens * perToken + place % perToken
        return grid[row * side + column]
      }
    }
  }

  /// The lesson laid down another way: a quarter turn is as good a picture as the first.
  ///
  /// - Parameter orientation: 0 ..< `orientations`; 0 leaves it.
  package func turned(_ orientation: Int) -> SightLesson {
    guard orientation > 0 else { return self }
    var image = image
    image.pixels = Self.turned(image.pixels, side: image.width, values: 3, orientation)
    return SightLesson(
      image: image, grid: Self.turned(grid, side: image.width / Self.cell, values: 1, orientation),
      product: product, colour: colour)
  }

  /// A square of `side` × `side` places with `values` elements each.
  private static func turned<Element>(
    _ elements: [Element], side: Int, values: Int, _ orientation: Int
  ) -> [Element] {
    var result: [Element] = []
    result.reserveCapacity(elements.count)
    for row in 0..<side {
      for column in 0..<side {
        var (y, x) = (row, column)
        if orientation & 4 != 0 { x = side - 1 - x }
        for _ in 0..<orientation & 3 { (y, x) = (x, side - 1 - y) }
        let start = (y * side + x) * values
        result.append(contentsOf: elements[start..<start + values])
      }
    }
    return result
  }
}

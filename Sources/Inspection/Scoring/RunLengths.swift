public import Images
public import OrderedJSON

/// A mask as COCO writes it without compression: lengths of runs, column by column, of zeros and ones in turn.
public struct RunLengths: Sendable, Equatable {
  public let width: Int
  public let height: Int
  /// The first run is of zeros, and may be empty.
  public let counts: [Int]

  /// The part of a mask that lies in a box.
  public init(_ mask: GreyImage, within box: PixelBox) {
    (width, height) = (mask.width, mask.height)
    var counts: [Int] = []
    var (isInside, length) = (false, 0)
    for x in 0..<mask.width {
      let column = Double(x) + 0.5 > box.x1 && Double(x) + 0.5 < box.x2
      for y in 0..<mask.height {
        let row = Double(y) + 0.5 > box.y1 && Double(y) + 0.5 < box.y2
        let inside = column && row && mask.pixels[y * mask.width + x] != 0
        if inside != isInside {
          counts.append(length)
          (isInside, length) = (inside, 0)
        }
        length += 1
      }
    }
    self.counts = counts + [length]
  }

  /// Pixels of ones.
  public var area: Int { counts.enumerated().reduce(0) { $0 + ($1.offset % 2 == 1 ? $1.element : 0) } }

  public var json: JSON {
    .object([
      .init("size", .array([.integer(height), .integer(width)])),
      .init("counts", .array(counts.map { .integer($0) })),
    ])
  }
}

public import Images
public import OrderedJSON

/// A mask as COCO writes it without compression: lengths of runs, column by column, of zeros and ones in turn.
public struct RunLengths: Sendable, Equatable {
  public let width: Int
  public let height: Int
  /// The first run is of zeros, and may be empty.
  public let counts: [Int]

  /// The part of a mask that lies in a box. Only the box is looked at: it is a small part of a large image.
  public init(_ mask: GreyImage, within box: PixelBox) {
    (width, height) = (mask.width, mask.height)
    let columns = Self.pixels(from: box.x1, to: box.x2, of: mask.width)
    let rows = Self.pixels(from: box.y1, to: box.y2, of: mask.height)
    var counts: [Int] = []
    // Up to where, along the columns one behind another, runs have been counted.
    var end = 0
    var isInside = false
    func turn(at place: Int) {
      counts.append(place - end)
      (end, isInside) = (place, !isInside)
    }
    for x in columns {
      let top = x * mask.height
      for y in rows where (mask.pixels[y * mask.width + x] != 0) != isInside { turn(at: top + y) }
      // A run goes on into the next column only where the box is as high as the image.
      if isInside, rows.count < mask.height { turn(at: top + rows.upperBound) }
    }
    if isInside { turn(at: columns.upperBound * mask.height) }
    let rest = mask.width * mask.height - end
    self.counts = rest > 0 || counts.isEmpty ? counts + [rest] : counts
  }

  /// Pixels whose centres lie between two places, within the image.
  private static func pixels(from first: Double, to last: Double, of length: Int) -> Range<Int> {
    func bounded(_ value: Double) -> Int { Int(min(max(value, 0), Double(length))) }
    let start = bounded((first + 0.5).rounded(.down))
    return start..<max(start, bounded((last - 0.5).rounded(.up)))
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

/// Cutting a large image into overlapping squares, each looked at by itself, and joining what was found.
public struct Tiling: Sendable, Equatable {
  /// Side of a tile in pixels.
  public let size: Int
  /// Pixels that neighbours share at least.
  public let overlap: Int

  /// - Precondition: 0 ≤ overlap < size.
  public init(size: Int, overlap: Int) {
    precondition(size > 0 && (0..<size).contains(overlap), "tiles of \(size) cannot overlap by \(overlap)")
    self.size = size
    self.overlap = overlap
  }

  /// The tiles of a picture in reading order, evenly spread; a picture no larger than a tile is one. A tile is cut
  /// where the picture is narrower.
  public func tiles(width: Int, height: Int) -> [PixelBox] {
    let columns = starts(width)
    return starts(height).flatMap { top in
      columns.map { left in
        PixelBox(
          x1: Double(left), y1: Double(top), x2: Double(min(left + size, width)),
          y2: Double(min(top + size, height)))
      }
    }
  }

  private func starts(_ length: Int) -> [Int] {
    guard length > size else { return [0] }
    let step = size - overlap
    let last = length - size
    let count = (last + step - 1) / step
    return (0...count).map { $0 * last / count }
  }

  /// Boxes found in several tiles as one list: those that overlap are parts of one defect and become the box around
  /// them. Labels stay; of different ones the first.
  public static func merged(_ boxes: [GroundedBox]) -> [GroundedBox] {
    var merged: [GroundedBox] = []
    for box in boxes {
      var grown = box
      // A grown box may reach further ones.
      while let index = merged.firstIndex(where: { grown.box.overlaps($0.box) }) {
        let other = merged.remove(at: index)
        grown = GroundedBox(box: other.box.union(grown.box), label: other.label ?? grown.label)
      }
      merged.append(grown)
    }
    return merged
  }
}

extension PixelBox {
  /// Whether the two share some area.
  public func overlaps(_ other: PixelBox) -> Bool {
    min(x2, other.x2) > max(x1, other.x1) && min(y2, other.y2) > max(y1, other.y1)
  }

  /// The smallest box around both.
  public func union(_ other: PixelBox) -> PixelBox {
    PixelBox(
      x1: min(x1, other.x1), y1: min(y1, other.y1), x2: max(x2, other.x2), y2: max(y2, other.y2))
  }

  public func moved(x: Double, y: Double) -> PixelBox {
    PixelBox(x1: x1 + x, y1: y1 + y, x2: x2 + x, y2: y2 + y)
  }
}

import Inspection
import Testing

@Suite struct TilingTests {
  @Test(
    arguments: [(3000, 3000, 1000, 100), (1001, 999, 1000, 0), (50, 4000, 448, 64), (1000, 1000, 1000, 500)])
  func `tiles cover every pixel, stay within the picture and overlap as asked`(
    width: Int, height: Int, size: Int, overlap: Int
  ) {
    let tiles = Tiling(size: size, overlap: overlap).tiles(width: width, height: height)
    for tile in tiles {
      #expect(tile.x1 >= 0 && tile.y1 >= 0 && tile.x2 <= Double(width) && tile.y2 <= Double(height))
      #expect(tile.x2 - tile.x1 == Double(min(size, width)) && tile.y2 - tile.y1 == Double(min(size, height)))
    }
    for (starts, length) in [(tiles.map(\.x1), width), (tiles.map(\.y1), height)] {
      let places = Set(starts).sorted()
      #expect(places.first == 0)
      #expect(places.last.map { $0 + Double(min(size, length)) } == Double(length))
      for (left, right) in zip(places, places.dropFirst()) {
        #expect(left + Double(size - overlap) >= right)
      }
    }
  }

  @Test func `a picture no larger than a tile is looked at as it is`() {
    let tiles = Tiling(size: 1000, overlap: 100).tiles(width: 640, height: 480)
    #expect(tiles == [PixelBox(x1: 0, y1: 0, x2: 640, y2: 480)])
  }

  @Test func `a defect cut by tiles becomes one box, defects apart stay apart`() {
    func box(_ x1: Double, _ x2: Double, _ label: String?) -> GroundedBox {
      GroundedBox(box: PixelBox(x1: x1, y1: 10, x2: x2, y2: 20), label: label)
    }
    let merged = Tiling.merged([
      box(0, 50, "scratch"), box(200, 220, "dent"), box(90, 130, nil), box(40, 100, nil), box(130, 140, nil),
    ])
    #expect(merged.count == 3)
    #expect(merged.contains(box(0, 130, "scratch")))
    #expect(merged.contains(box(200, 220, "dent")))
    #expect(merged.contains(box(130, 140, nil)))
  }
}

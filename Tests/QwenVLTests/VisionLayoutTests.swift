import QwenVL
import Testing

@Suite struct VisionLayoutTests {
  @Test("units go window by window, and smaller windows close rows and columns")
  func windows() {
    // 3 x 5 units in windows of 2 x 2, four patches a unit.
    let layout = VisionLayout(grids: [(6, 10)], merge: 2, window: 2)
    #expect(layout.order == [0, 1, 5, 6, 2, 3, 7, 8, 4, 9, 10, 11, 12, 13, 14])
    #expect(layout.windows == [0..<16, 16..<32, 32..<40, 40..<48, 48..<56, 56..<60])
    #expect(layout.images == [0..<60])
    #expect(layout.order.indices.allSatisfy { layout.order[layout.inverse[$0]] == $0 })
  }

  @Test("a second image begins after the first, with positions of its own")
  func images() {
    let layout = VisionLayout(grids: [(2, 2), (2, 4)], merge: 2, window: 4)
    #expect(layout.images == [0..<4, 4..<12])
    #expect(layout.windows == layout.images)
    #expect(layout.rows == [0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1])
    #expect(layout.columns == [0, 1, 0, 1, 0, 1, 0, 1, 2, 3, 2, 3])
  }
}

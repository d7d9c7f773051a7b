/// The order in which the vision tower processes the patches of several images, and which see each other.
///
/// Patches arrive image by image, each image as units of `merge × merge` neighbouring patches in reading
/// order. The tower works on whole attention windows, so units are reordered window by window; every unit
/// keeps its patches together, because the merger joins them into one image token at the end.
package struct VisionLayout: Sendable {
  /// Unit `i` of the tower is unit `order[i]` of the input; a permutation.
  package let order: [Int]
  /// Where the input's unit `i` went: `order[inverse[i]] == i`.
  package let inverse: [Int]
  /// Patches of the tower that see each other in the windowed blocks; never empty.
  package let windows: [Range<Int>]
  /// Patches of the tower that see each other in the blocks with full attention: one range an image.
  package let images: [Range<Int>]
  /// The row and the column, in patches of its own image, of every patch of the tower.
  package let rows: [Int]
  package let columns: [Int]

  /// - Parameters:
  ///   - grids: rows and columns of each image in patches; both multiples of `merge`.
  ///   - merge: patches a unit has on a side.
  ///   - window: units a window has on a side; windows at the right and lower edge are smaller.
  package init(grids: [(rows: Int, columns: Int)], merge: Int, window: Int) {
    var order: [Int] = []
    var windows: [Range<Int>] = []
    var images: [Range<Int>] = []
    var rows: [Int] = []
    var columns: [Int] = []
    let patchesPerUnit = merge * merge
    var firstUnit = 0
    for grid in grids {
      let unitRows = grid.rows / merge
      let unitColumns = grid.columns / merge
      let imageStart = rows.count
      for top in stride(from: 0, to: unitRows, by: window) {
        for left in stride(from: 0, to: unitColumns, by: window) {
          let windowStart = rows.count
          for unitRow in top..<min(top + window, unitRows) {
            for unitColumn in left..<min(left + window, unitColumns) {
              order.append(firstUnit + unitRow * unitColumns + unitColumn)
              for patch in 0..<patchesPerUnit {
                rows.append(unitRow * merge + patch / merge)
                columns.append(unitColumn * merge + patch % merge)
              }
            }
          }
          windows.append(windowStart..<rows.count)
        }
      }
      images.append(imageStart..<rows.count)
      firstUnit += unitRows * unitColumns
    }
    var inverse = [Int](repeating: 0, count: order.count)
    for (place, unit) in order.enumerated() { inverse[unit] = place }
    self.order = order
    self.inverse = inverse
    self.windows = windows
    self.images = images
    self.rows = rows
    self.columns = columns
  }
}

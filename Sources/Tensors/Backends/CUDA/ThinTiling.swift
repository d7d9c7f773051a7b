/// How a product of few rows is divided among blocks, see kernels/thin_product.cu, of which these are the sizes.
package struct ThinTiling: Equatable {
  /// Rows of x at most.
  package static let mostRows = 64
  /// Rows of the weights that a warp has.
  package static let rowsOfWarp = 16
  /// Columns that are read at a time, and how many of x are in memory in each of two places.
  package static let step = 64, chunk = 256
  private static let mostWarps = 12, mostSlices = 16
  /// Warps that read enough at a time to keep a multiprocessor's share of the memory busy.
  private static let enoughWarps = 8

  /// Of a block.
  package let warps: Int
  /// Side by side, for all outputs.
  package let blocks: Int
  /// Parts of the summed dimension, each of other blocks, and the columns of one.
  package let slices: Int, sliceWidth: Int

  /// That whose busiest multiprocessor moves the fewest bytes.
  /// - Parameters:
  ///   - rows: of x.
  ///   - columns: of x and the weights, over which is summed.
  ///   - outputs: rows of the weights, in all.
  ///   - isDivided: whether the sum may come in parts.
  package init(rows: Int, columns: Int, outputs: Int, isDivided: Bool, multiprocessors: Int) {
    let warpsInAll = (outputs + Self.rowsOfWarp - 1) / Self.rowsOfWarp
    let steps = (columns + Self.step - 1) / Self.step
    let fewest = min(Self.enoughWarps, warpsInAll)
    let candidates = (fewest...max(fewest, min(Self.mostWarps, warpsInAll))).flatMap { warps in
      (1...(isDivided ? min(steps, Self.mostSlices) : 1)).map { wanted in
        let width = (steps + wanted - 1) / wanted * Self.step
        return (warps: warps, slices: (columns + width - 1) / width, width: width)
      }
    }
    let costs = candidates.map { warps, slices, width in
      let blocks = (warpsInAll + warps - 1) / warps * slices
      let turns = (blocks + multiprocessors - 1) / multiprocessors
      let weightsAndInput = 2 * width * (warps * Self.rowsOfWarp + rows)
      // The parts are written in float32 and read by whoever adds them.
      let parts = isDivided ? 8 * slices * rows * outputs / multiprocessors : 0
      return turns * weightsAndInput + parts
    }
    let best = candidates[costs.indices.min { costs[$0] < costs[$1] } ?? 0]
    warps = best.warps
    blocks = (warpsInAll + best.warps - 1) / best.warps
    (slices, sliceWidth) = (best.slices, best.width)
  }

  /// Rows of x that there is a kernel for.
  static let kernelRows = [8, 16, 32, mostRows]

  static func kernelRows(for rows: Int) -> Int { kernelRows.first { rows <= $0 } ?? mostRows }

  /// Bytes of shared memory that a block takes: rows lie apart by a few columns more than there are.
  static func memory(kernelRows: Int) -> Int { 2 * 2 * kernelRows * (chunk + 32) }
}

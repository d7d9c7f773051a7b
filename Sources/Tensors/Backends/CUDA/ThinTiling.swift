/// How a product of few rows is divided among blocks, see kernels/thin_product.cu, of which these are the sizes.
package struct ThinTiling: Equatable {
  /// A product as far as it matters here.
  package struct Shape: Hashable {
    /// Of x.
    let rows: Int
    /// Of x and the weights, over which is summed.
    let columns: Int
    /// Rows of the weights, in all.
    let outputs: Int
    /// Whether the sum may come in parts.
    let isDivided: Bool

    package init(rows: Int, columns: Int, outputs: Int, isDivided: Bool) {
      self.rows = rows
      self.columns = columns
      self.outputs = outputs
      self.isDivided = isDivided
    }
  }

  /// Rows of x at most.
  package static let mostRows = 64
  /// Rows of the weights that a warp has.
  package static let rowsOfWarp = 32
  /// Columns of the weights that are a group of copies, and how many of x are in memory in each of two places.
  package static let step = 64, chunk = 256
  /// What a block of up to 192 threads may have, and parts that are read at a time.
  private static let mostWarps = 6, mostSlices = 8
  /// Warps that have enough on its way at a time to keep a multiprocessor's share of the memory busy.
  private static let enoughWarps = 4

  /// Of a block.
  package let warps: Int
  /// Side by side, for all outputs.
  package let blocks: Int
  /// Parts of the summed dimension, each of other blocks, and the columns of one.
  package let slices: Int, sliceWidth: Int

  /// That whose busiest multiprocessor moves the fewest bytes.
  /// - Returns: nil for more rows than there are kernels for, or where a block's memory does not suffice.
  package init?(_ shape: Shape, on multiprocessors: Multiprocessors) {
    let (rows, columns, outputs) = (shape.rows, shape.columns, shape.outputs)
    guard rows <= Self.mostRows else { return nil }
    let warpsInAll = (outputs + Self.rowsOfWarp - 1) / Self.rowsOfWarp
    let steps = (columns + Self.step - 1) / Self.step
    let most = min(Self.mostWarps, warpsInAll, Self.warps(in: multiprocessors.blockMemory, rows: rows))
    let fewest = min(Self.enoughWarps, warpsInAll)
    guard fewest <= most else { return nil }
    let candidates = (fewest...most).flatMap { warps in
      (1...(shape.isDivided ? min(steps, Self.mostSlices) : 1)).map { wanted in
        let width = (steps + wanted - 1) / wanted * Self.step
        return (warps: warps, slices: (columns + width - 1) / width, width: width)
      }
    }
    let costs = candidates.map { warps, slices, width in
      let blocks = (warpsInAll + warps - 1) / warps * slices
      let turns = (blocks + multiprocessors.count - 1) / multiprocessors.count
      let weightsAndInput = 2 * width * (warps * Self.rowsOfWarp + rows)
      // The parts are written in float32 and read by whoever adds them.
      let parts = shape.isDivided ? 8 * slices * rows * outputs / multiprocessors.count : 0
      return turns * weightsAndInput + parts
    }
    let best = candidates[costs.indices.min { costs[$0] < costs[$1] } ?? 0]
    warps = best.warps
    blocks = (warpsInAll + best.warps - 1) / best.warps
    (slices, sliceWidth) = (best.slices, best.width)
  }

  /// Rows of x that there is a kernel for.
  static let kernelRows = [16, 32, mostRows]

  static func kernelRows(for rows: Int) -> Int { kernelRows.first { rows <= $0 } ?? mostRows }

  /// Bytes of shared memory: both places for x, whose rows lie apart by a few columns more than there are, and what each
  /// warp has of the weights in the same way.
  private static func inputMemory(rows: Int) -> Int { 2 * 2 * kernelRows(for: rows) * (chunk + 8) }
  private static let warpMemory = 2 * chunk / step * rowsOfWarp * (step + 8)

  private static func warps(in memory: Int, rows: Int) -> Int {
    (memory - inputMemory(rows: rows)) / warpMemory
  }

  func memory(rows: Int) -> Int { Self.inputMemory(rows: rows) + warps * Self.warpMemory }
}

/// What a GPU has to run blocks on.
package struct Multiprocessors {
  let count: Int
  /// Bytes of shared memory that a block may have.
  let blockMemory: Int

  package init(count: Int, blockMemory: Int) {
    self.count = count
    self.blockMemory = blockMemory
  }
}

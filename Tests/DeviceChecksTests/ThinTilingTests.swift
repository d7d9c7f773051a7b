import Tensors
import Testing

/// How products of few rows are divided among blocks.
struct ThinTilingTests {
  @Test(arguments: [true, false], [(1, 64, 16), (9, 712, 104), (64, 2048, 2560), (33, 11_008, 2048)])
  func `Every output and every column is somebody's, and nobody's block is empty`(
    isDivided: Bool, sizes: (rows: Int, columns: Int, outputs: Int)
  ) {
    for multiprocessors in [4, 108, 132] {
      let tiling = ThinTiling(
        rows: sizes.rows, columns: sizes.columns, outputs: sizes.outputs, isDivided: isDivided,
        multiprocessors: multiprocessors)
      let outputs = tiling.warps * ThinTiling.rowsOfWarp
      #expect(tiling.warps <= 12 && tiling.sliceWidth.isMultiple(of: ThinTiling.step))
      #expect(tiling.blocks * outputs >= sizes.outputs && (tiling.blocks - 1) * outputs < sizes.outputs)
      #expect(tiling.slices * tiling.sliceWidth >= sizes.columns)
      #expect((tiling.slices - 1) * tiling.sliceWidth < sizes.columns)
      if !isDivided { #expect(tiling.slices == 1) }
    }
  }

  /// Of Qwen2.5-VL 3B on an H200: query, key and value; output; down.
  @Test(arguments: [(2048, 2560), (2048, 2048), (11_008, 2048)])
  func `One turn keeps nearly all multiprocessors busy`(columns: Int, outputs: Int) {
    let tiling = ThinTiling(
      rows: 64, columns: columns, outputs: outputs, isDivided: true, multiprocessors: 132)
    #expect((115...132).contains(tiling.blocks * tiling.slices), "\(tiling)")
  }

  @Test func `Gate and up are undivided, as many outputs a block as one turn takes`() {
    let tiling = ThinTiling(
      rows: 64, columns: 2048, outputs: 22_016, isDivided: false, multiprocessors: 132)
    #expect(tiling.warps == 11 && tiling.blocks == 126, "\(tiling)")
  }
}

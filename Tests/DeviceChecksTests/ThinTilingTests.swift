import Tensors
import Testing

/// How products of few rows are divided among blocks.
struct ThinTilingTests {
  private static let h200 = Multiprocessors(count: 132, blockMemory: 227 << 10)

  private func cut(
    _ rows: Int, _ columns: Int, _ outputs: Int, isDivided: Bool, on multiprocessors: Multiprocessors = h200
  ) -> ThinTiling? {
    ThinTiling(
      .init(rows: rows, columns: columns, outputs: outputs, isDivided: isDivided), on: multiprocessors)
  }

  @Test(arguments: [true, false], [(1, 64, 16), (9, 712, 104), (64, 2048, 2560), (33, 11_008, 2048)])
  func `Every output and every column is somebody's, and nobody's block is empty`(
    isDivided: Bool, sizes: (rows: Int, columns: Int, outputs: Int)
  ) throws {
    for count in [4, 108, 132] {
      let tiling = try #require(
        cut(
          sizes.rows, sizes.columns, sizes.outputs, isDivided: isDivided,
          on: Multiprocessors(count: count, blockMemory: 163 << 10)))
      let outputs = tiling.warps * ThinTiling.rowsOfWarp
      #expect(tiling.warps <= 6 && tiling.sliceWidth.isMultiple(of: ThinTiling.step))
      #expect(tiling.blocks * outputs >= sizes.outputs && (tiling.blocks - 1) * outputs < sizes.outputs)
      #expect(tiling.slices * tiling.sliceWidth >= sizes.columns)
      #expect((tiling.slices - 1) * tiling.sliceWidth < sizes.columns)
      if !isDivided { #expect(tiling.slices == 1) }
    }
  }

  /// Of Qwen2.5-VL 3B: query, key and value; output; down.
  @Test(arguments: [(2048, 2560), (2048, 2048), (11_008, 2048)])
  func `One turn keeps nearly all multiprocessors busy`(columns: Int, outputs: Int) throws {
    let tiling = try #require(cut(64, columns, outputs, isDivided: true))
    #expect((115...132).contains(tiling.blocks * tiling.slices), "\(tiling)")
  }

  @Test func `Gate and up are undivided, as many outputs a block as one turn takes`() throws {
    let tiling = try #require(cut(64, 2048, 22_016, isDivided: false))
    #expect(tiling.warps == 6 && tiling.blocks == 115, "\(tiling)")
  }

  @Test func `More rows than there are kernels for, and blocks with little memory, are left to others`() {
    #expect(cut(65, 2048, 2048, isDivided: true) == nil)
    let small = Multiprocessors(count: 84, blockMemory: 99 << 10)
    #expect(cut(64, 2048, 2048, isDivided: true, on: small) == nil)
    #expect(cut(16, 2048, 2048, isDivided: true, on: small) != nil)
  }
}

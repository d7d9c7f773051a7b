/// Heads of queries and of keys, and elements of a head.
package struct AttentionShape: Hashable {
  let heads: Int, kvHeads: Int, width: Int

  package init(heads: Int, kvHeads: Int, width: Int) {
    (self.heads, self.kvHeads, self.width) = (heads, kvHeads, width)
  }

  var group: Int { heads / kvHeads }
}

/// A kernel, and what a block of it takes.
package struct DeviceKernel: Equatable {
  package let name: String
  let threads: Int
  /// Bytes of shared memory.
  package let memory: Int
}

/// The kernels that compute an attention: see kernels/attention_tiles.cuh and kernels/attention_tensor_tiles.cuh, of which
/// these are the sizes.
package struct AttentionKernels {
  let shape: AttentionShape
  /// In bfloat16 on tensor cores, or in float32.
  let onTensorCores: Bool
  /// Bytes of shared memory that a block of the chip may have: 99 KiB to 227 KiB.
  private let blockMemory: Int

  package init(_ shape: AttentionShape, precision: DType, blockMemory: Int) {
    self.shape = shape
    self.blockMemory = blockMemory
    onTensorCores = precision == .bfloat16 && shape.group <= 32
  }

  /// - Parameter rows: of a tile.
  package func forward(rows: Int) -> DeviceKernel {
    guard onTensorCores else { return plain("attention", queryTiles: 1, keyTiles: 1) }
    // Queries that do not stay in registers lie beside two stages of keys and values.
    let areHeld = rows / 64 * paddedWidth / 16 <= 8
    return DeviceKernel(
      name: "attention_tensor_\(paddedWidth)_\(rows)", threads: 128,
      memory: tensorBytes(rows: 4 * 64 + (areHeld ? 0 : rows)))
  }

  /// Whether tiles may be large: on tensor cores, where a block has the memory.
  package var takesLargeTiles: Bool {
    onTensorCores && forward(rows: AttentionTiling.largeTileRows).memory <= blockMemory
  }

  var combine: String { onTensorCores ? "attention_combine_narrow" : "attention_combine" }
  var deltas: String { onTensorCores ? "attention_deltas_narrow" : "attention_deltas" }

  package var queryGradients: DeviceKernel {
    guard onTensorCores else { return plain("attention_backward_queries", queryTiles: 2, keyTiles: 1) }
    return DeviceKernel(
      name: "attention_backward_queries_tensor_\(paddedWidth)", threads: 128,
      memory: tensorBytes(rows: 4 * 64))
  }

  package var keyGradients: DeviceKernel {
    guard onTensorCores else { return plain("attention_backward_keys", queryTiles: 1, keyTiles: 2) }
    // Keys and values, and in each of two stages queries, their gradients, sums and deltas.
    func memory(stages: Int) -> Int { tensorBytes(rows: (2 + 2 * stages) * 64) + stages * 2 * 64 * 4 }
    let stages = paddedWidth < 128 || memory(stages: 2) <= blockMemory ? 2 : 1
    return DeviceKernel(
      name: "attention_backward_keys_tensor_\(paddedWidth)" + (stages == 1 ? "_one_stage" : ""), threads: 128,
      memory: memory(stages: stages))
  }

  /// Elements of a row of a partial result.
  var partWidth: Int { onTensorCores ? paddedWidth : shape.width }

  /// Keys of a block that computes their gradients.
  var keys: Int { onTensorCores ? 64 : 32 }

  /// The width that a kernel on tensor cores is made for.
  private var paddedWidth: Int { shape.width <= 64 ? 64 : shape.width <= 80 ? 80 : 128 }

  private func tensorBytes(rows: Int) -> Int { 2 * rows * (paddedWidth + 8) }

  /// Of tiles of 64 queries and of 32 keys beside one of weights.
  private func plain(_ name: String, queryTiles: Int, keyTiles: Int) -> DeviceKernel {
    DeviceKernel(
      name: name, threads: 256,
      memory: 4 * ((queryTiles * 64 + keyTiles * 32) * (shape.width + 1) + 64 * (32 + 1)))
  }
}

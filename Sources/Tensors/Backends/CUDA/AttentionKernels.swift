/// Heads of queries and of keys, and elements of a head.
struct AttentionShape: Hashable {
  let heads: Int, kvHeads: Int, width: Int
  var group: Int { heads / kvHeads }
}

/// The kernels that compute an attention, and what a block of theirs takes: see kernels/attention_tiles.cuh and
/// kernels/attention_tensor.cu, of which these are the sizes.
struct AttentionKernels {
  let shape: AttentionShape
  /// In bfloat16 on tensor cores, or in float32.
  let onTensorCores: Bool

  init(_ shape: AttentionShape, precision: DType) {
    self.shape = shape
    // The backward pass on tensor cores takes 32 rows at a time.
    onTensorCores = precision == .bfloat16 && shape.group <= 32
  }

  var suffix: String { onTensorCores ? "_tensor" : "" }
  var threads: Int { onTensorCores ? 128 : 256 }
  /// Keys of a block that computes their gradients.
  var keys: Int { onTensorCores ? 64 : 32 }

  // MARK: Bytes of shared memory

  var forwardBytes: Int {
    onTensorCores ? 2 * (64 * rowStride + paddedWidth * 72) : plainBytes(queryTiles: 1, keyTiles: 1)
  }

  var queryGradientBytes: Int {
    onTensorCores ? 2 * (3 * 64 * rowStride + paddedWidth * 72) : plainBytes(queryTiles: 2, keyTiles: 1)
  }

  var keyGradientBytes: Int {
    onTensorCores
      ? 2 * ((2 * 64 + 2 * 32) * rowStride + 2 * paddedWidth * 40) : plainBytes(queryTiles: 1, keyTiles: 2)
  }

  private var paddedWidth: Int { (shape.width + 15) / 16 * 16 }
  private var rowStride: Int { paddedWidth + 8 }

  /// Tiles of 64 queries and of 32 keys beside one of weights.
  private func plainBytes(queryTiles: Int, keyTiles: Int) -> Int {
    4 * ((queryTiles * 64 + keyTiles * 32) * (shape.width + 1) + 64 * (32 + 1))
  }
}

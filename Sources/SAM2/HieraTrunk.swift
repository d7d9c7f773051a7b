import Tensors

/// Hiera, the image encoder of SAM2: features at four resolutions.
struct HieraTrunk {
  private let patches: Linear  // [width, 3 · kernel²]
  private let positions: Tensor  // [places, width]
  private let blocks: [HieraBlock]
  /// The last block of each stage.
  private let ends: Set<Int>
  private let configuration: SegmenterConfiguration

  init(_ parameters: Parameters, configuration: SegmenterConfiguration) throws {
    let trunk = configuration.trunk
    patches = try parameters.linear(
      "patch_embed.projection", shape: [trunk.widths[0], 3, trunk.patchKernel, trunk.patchKernel])
    let side = configuration.imageSize / trunk.patchStride
    positions = try PositionTable(parameters, trunk: trunk).rows(side: side)
    var blocks: [HieraBlock] = []
    var ends: Set<Int> = []
    for (stage, count) in trunk.blocks.enumerated() {
      for index in 0..<count {
        blocks.append(
          try HieraBlock(
            parameters.below("blocks.\(blocks.count)"), trunk: trunk, stage: stage, index: blocks.count,
            isFirst: index == 0))
      }
      ends.insert(blocks.count - 1)
    }
    self.blocks = blocks
    self.ends = ends
    self.configuration = configuration
  }

  /// - Parameter pixels: normalised, three planes of rows.
  /// - Returns: the features at the end of each stage, the finest first.
  func callAsFunction(_ pixels: [Float]) throws -> [FeatureMap] {
    let side = configuration.imageSize / configuration.trunk.patchStride
    var map = FeatureMap(rows: add(patches(unfolded(pixels, side)), positions), height: side, width: side)
    var stages: [FeatureMap] = []
    for (index, block) in blocks.enumerated() {
      map = try block(map)
      if ends.contains(index) { stages.append(map) }
    }
    return stages
  }

  /// What the patch convolution sees at each place: [places, 3 · kernel²], zeros beyond the edges.
  private func unfolded(_ pixels: [Float], _ side: Int) -> Tensor {
    let trunk = configuration.trunk
    let (size, kernel) = (configuration.imageSize, trunk.patchKernel)
    let columns = 3 * kernel * kernel
    let values = [Float](unsafeUninitializedCapacity: side * side * columns) { target, count in
      count = side * side * columns
      target.update(repeating: 0)
      pixels.withUnsafeBufferPointer { pixels in
        for place in 0..<side * side {
          let top = place / side * trunk.patchStride - trunk.patchPadding
          let left = place % side * trunk.patchStride - trunk.patchPadding
          for channel in 0..<3 {
            for y in max(0, -top)..<max(max(0, -top), min(kernel, size - top)) {
              let source = (channel * size + top + y) * size + left
              let row = place * columns + (channel * kernel + y) * kernel
              for x in max(0, -left)..<max(max(0, -left), min(kernel, size - left)) {
                target[row + x] = pixels[source + x]
              }
            }
          }
        }
      }
    }
    return Tensor(values, shape: [side * side, columns])
  }
}

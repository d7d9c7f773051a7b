import Tensors

/// Turns the patches of images into image tokens for the decoder.
struct VisionTower {
  /// [hidden, channels, temporal, patch, patch], applied as [hidden, values of a patch]
  private let patchEmbedding: Tensor
  private let blocks: [VisionBlock]
  private let merger: PatchMerger
  private let frequencies: [Float]
  private let vision: VisionConfiguration

  init(_ scope: ParameterScope, vision: VisionConfiguration) throws {
    let scope = scope.scope("model.visual")
    patchEmbedding = try scope.parameter(
      "patch_embed.proj.weight",
      [vision.hiddenSize, vision.channels, vision.temporalPatchSize, vision.patchSize, vision.patchSize],
      .projection)
    blocks = try (0..<vision.depth).map { try VisionBlock(scope.scope("blocks.\($0)"), vision: vision) }
    merger = try PatchMerger(scope.scope("merger"), vision: vision)
    frequencies = RotaryAngles.frequencies(theta: vision.ropeTheta, dimension: vision.headDimension / 2)
    self.vision = vision
  }

  /// The image tokens of several images in one pass, image after image in reading order.
  /// - Parameter recomputingBlocks: keep only each block's input for the backward pass.
  /// - Returns: [Σ tokens, decoder hidden]
  func callAsFunction(_ images: [ImagePatches], recomputingBlocks: Bool = false) throws -> Tensor {
    let merge = vision.mergeSize
    let values = vision.patchLength
    for image in images {
      guard image.rows > 0, image.columns > 0, image.rows % merge == 0, image.columns % merge == 0,
        image.pixelValues.count == image.rows * image.columns * values
      else {
        throw ModelError.invalid(
          "an image of \(image.rows) x \(image.columns) patches with \(image.pixelValues.count) values does not "
            + "fit a vision tower that merges \(merge) x \(merge) patches of \(values) values")
      }
    }
    let layout = VisionLayout(
      grids: images.map { ($0.rows, $0.columns) }, merge: merge,
      window: vision.windowTokens)
    let device = patchEmbedding.device
    let angles = RotaryAngles(
      rows: layout.rows, columns: layout.columns, frequencies: frequencies, on: device)
    let windows = SegmentLayout.windows(layout.windows)
    let whole = SegmentLayout.windows(layout.images)

    let patches = Tensor(
      Self.reordered(images.map(\.pixelValues), unit: merge * merge * values, order: layout.order),
      shape: [layout.rows.count, values]
    ).moved(to: device)
    var x = linear(patches, weight: patchEmbedding.reshaped([vision.hiddenSize, values]))
    for (index, block) in blocks.enumerated() {
      let layout = vision.fullAttentionBlocks.contains(index) ? whole : windows
      x =
        recomputingBlocks
        ? recomputed(x) { block($0, angles: angles, layout: layout) }
        : block(x, angles: angles, layout: layout)
    }
    return gatherRows(merger(x), layout.inverse)
  }

  /// The units of all images in the tower's order.
  private static func reordered(_ images: [[Float]], unit: Int, order: [Int]) -> [Float] {
    let joined = images.count == 1 ? images[0] : Array(images.joined())
    return [Float](unsafeUninitializedCapacity: joined.count) { target, count in
      joined.withUnsafeBufferPointer { source in
        for (place, from) in order.enumerated() {
          let values = UnsafeBufferPointer(rebasing: source[from * unit..<(from + 1) * unit])
          _ = UnsafeMutableBufferPointer(rebasing: target[place * unit..<(place + 1) * unit])
            .initialize(from: values)
        }
      }
      count = joined.count
    }
  }
}

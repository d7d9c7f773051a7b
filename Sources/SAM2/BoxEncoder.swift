import Tensors

/// A box in pixels of the image, as the image is after its orientation was applied.
public struct PromptBox: Sendable, Equatable {
  public var x1: Double
  public var y1: Double
  public var x2: Double
  public var y2: Double

  public init(x1: Double, y1: Double, x2: Double, y2: Double) {
    self.x1 = x1
    self.y1 = y1
    self.x2 = x2
    self.y2 = y2
  }
}

/// Boxes as tokens of the decoder: two corners, and a token that says no point follows.
struct BoxEncoder {
  private let encoding: PointEncoding
  private let corners: [Tensor]  // [1, width] each
  private let end: Tensor  // [1, width]
  private let imageSize: Int

  init(_ parameters: Parameters, configuration: SegmenterConfiguration) throws {
    let width = configuration.pyramidWidth
    encoding = try PointEncoding(parameters.below("shared_embedding"), width: width)
    let table = try parameters.tensor("point_embed.weight", [4, width])
    corners = [2, 3].map { slicedRows(table, $0..<$0 + 1) }
    end = try parameters.tensor("not_a_point_embed.weight", [1, width])
    imageSize = configuration.imageSize
  }

  /// - Returns: [3, width]
  func callAsFunction(_ box: PromptBox, width: Int, height: Int) -> Tensor {
    let size = Float(imageSize)
    let (across, down) = (size / Float(width), size / Float(height))
    let points = [(box.x1, box.y1), (box.x2, box.y2)].map { x, y in
      (x: (Float(x) * across + 0.5) / size, y: (Float(y) * down + 0.5) / size)
    }
    return concatenatedRows([add(encoding(points), concatenatedRows(corners)), end])
  }
}

public import Images

/// The mask of one box.
public struct SegmentedMask: Sendable, Equatable {
  /// Above 0 inside, [side, side] over the whole image, whatever its proportions.
  public let logits: [Float]
  public let side: Int
  /// The model's estimate of the mask's IoU with the truth, 0 to 1.
  public let iou: Float
  /// The size of the image.
  public let width: Int
  public let height: Int

  package init(logits: [Float], side: Int, iou: Float, width: Int, height: Int) {
    self.logits = logits
    self.side = side
    self.iou = iou
    self.width = width
    self.height = height
  }

  /// 1 inside and 0 outside, at the size of the image: the logits are interpolated and then compared with 0.
  public var mask: GreyImage {
    let (down, across) = (LinearTaps(from: side, to: height), LinearTaps(from: side, to: width))
    var pixels = [UInt8](repeating: 0, count: width * height)
    logits.withUnsafeBufferPointer { logits in
      for y in 0..<height {
        let (upper, lower) = (down.first[y] * side, down.second[y] * side)
        let v = down.share[y]
        for x in 0..<width {
          let (left, right, h) = (across.first[x], across.second[x], across.share[x])
          let above = (1 - h) * logits[upper + left] + h * logits[upper + right]
          let below = (1 - h) * logits[lower + left] + h * logits[lower + right]
          if (1 - v) * above + v * below > 0 { pixels[y * width + x] = 1 }
        }
      }
    }
    return GreyImage(width: width, height: height, pixels: pixels)
  }

  /// What any of several masks of one image covers; nil without masks.
  public static func union(_ masks: [SegmentedMask]) -> GreyImage? {
    guard var union = masks.first?.mask else { return nil }
    for other in masks.dropFirst() {
      let pixels = other.mask.pixels
      for index in union.pixels.indices { union.pixels[index] |= pixels[index] }
    }
    return union
  }
}

/// Linear interpolation of one axis between the middles of pixels, without antialiasing; edges are repeated.
private struct LinearTaps {
  private(set) var first: [Int] = []
  private(set) var second: [Int] = []
  /// Of `second`.
  private(set) var share: [Float] = []

  init(from inputs: Int, to outputs: Int) {
    let scale = Float(inputs) / Float(outputs)
    for output in 0..<outputs {
      let position = max(0, (Float(output) + 0.5) * scale - 0.5)
      let index = min(Int(position), inputs - 1)
      first.append(index)
      second.append(min(index + 1, inputs - 1))
      share.append(position - Float(index))
    }
  }
}

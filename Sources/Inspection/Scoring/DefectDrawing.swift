public import Images

/// The found boxes drawn on their image.
public enum DefectDrawing {
  /// The image at its own size with its boxes outlined and labelled.
  public static func overlay(_ image: RGBImage, boxes: [GroundedBox]) -> RGBImage {
    var drawn = image
    let scale = max(1, min(image.width, image.height) / 400)
    for grounded in boxes {
      let corners = corners(of: grounded.box)
      drawn.drawBox(
        x1: corners.x1, y1: corners.y1, x2: corners.x2, y2: corners.y2, thickness: 1 + scale)
      if let label = grounded.label, !label.isEmpty {
        let text = String(label.prefix(40))
        let size = RGBImage.labelSize(text, scale: scale)
        let above = corners.y1 - size.height
        drawn.drawLabel(text, x: corners.x1, y: above >= 0 ? above : corners.y1, scale: scale)
      }
    }
    return drawn
  }

  /// 255 within the boxes, 0 elsewhere.
  public static func mask(width: Int, height: Int, boxes: [GroundedBox]) -> GreyImage {
    var pixels = [UInt8](repeating: 0, count: width * height)
    for grounded in boxes {
      let box = corners(of: grounded.box)
      let columns = max(0, box.x1)..<max(max(0, box.x1), min(width, box.x2))
      for y in max(0, box.y1)..<max(max(0, box.y1), min(height, box.y2)) {
        for x in columns { pixels[y * width + x] = 255 }
      }
    }
    return GreyImage(width: width, height: height, pixels: pixels)
  }

  /// The image with its boxes, no side longer than `side`, as a JPEG for a report.
  public static func thumbnail(_ image: RGBImage, boxes: [GroundedBox], side: Int = 320) throws -> [UInt8] {
    let longest = max(image.width, image.height)
    let scale = min(1, Double(side) / Double(longest))
    var small = image
    if scale < 1 {
      small = image.resizedBicubic(
        width: max(1, Int((Double(image.width) * scale).rounded())),
        height: max(1, Int((Double(image.height) * scale).rounded())))
    }
    for grounded in boxes {
      let box = corners(of: grounded.box.scaled(x: scale, y: scale))
      small.drawBox(x1: box.x1, y1: box.y1, x2: box.x2, y2: box.y2, thickness: 2)
    }
    return try small.jpeg(quality: 80)
  }

  /// Whole pixels around a box.
  private static func corners(of box: PixelBox) -> (x1: Int, y1: Int, x2: Int, y2: Int) {
    func whole(_ value: Double) -> Int { Int(min(max(value, -1e6), 1e9)) }
    return (
      whole(box.x1.rounded(.down)), whole(box.y1.rounded(.down)), whole(box.x2.rounded(.up)),
      whole(box.y2.rounded(.up))
    )
  }
}

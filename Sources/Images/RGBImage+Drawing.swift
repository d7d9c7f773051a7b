extension RGBImage {
  /// Colours the pixels of a rectangle, its right and bottom edges excluded; what lies outside is left out.
  public mutating func fill(
    x1: Int, y1: Int, x2: Int, y2: Int, color: RGBColor, opacity: Double = 1
  ) {
    let left = max(min(x1, x2), 0)
    let right = min(max(x1, x2), width)
    let top = max(min(y1, y2), 0)
    let bottom = min(max(y1, y2), height)
    guard left < right, top < bottom else { return }
    let alpha = Self.alpha(opacity)
    for y in top..<bottom {
      for x in left..<right { blend(color, at: y * width + x, alpha: alpha) }
    }
  }

  /// Outlines a box whose corner pixels are (x1, y1) and (x2 - 1, y2 - 1); a thicker outline grows inwards.
  public mutating func drawBox(
    x1: Int, y1: Int, x2: Int, y2: Int, color: RGBColor = .red, thickness: Int = 2
  ) {
    let thick = min(max(thickness, 1), max(width, height))
    // Edges beyond the image are as good as just outside it, and sums with them cannot overflow.
    func near(_ place: Int, _ side: Int) -> Int { min(max(place, -2 * thick), side + 2 * thick) }
    let (left, right) = (near(min(x1, x2), width), near(max(x1, x2), width))
    let (top, bottom) = (near(min(y1, y2), height), near(max(y1, y2), height))
    if right - left <= 2 * thick || bottom - top <= 2 * thick {
      fill(x1: left, y1: top, x2: right, y2: bottom, color: color)
      return
    }
    fill(x1: left, y1: top, x2: right, y2: top + thick, color: color)
    fill(x1: left, y1: bottom - thick, x2: right, y2: bottom, color: color)
    fill(x1: left, y1: top + thick, x2: left + thick, y2: bottom - thick, color: color)
    fill(x1: right - thick, y1: top + thick, x2: right, y2: bottom - thick, color: color)
  }

  /// Tints the pixels in which the mask is not zero: `opacity` of the colour, the rest of the picture.
  /// - Throws: `ImageError` where the mask has another size than the image.
  public mutating func blend(mask: GreyImage, color: RGBColor = .red, opacity: Double = 0.4) throws {
    guard mask.width == width, mask.height == height else {
      throw ImageError(
        name: "mask",
        reason: "is \(mask.width) x \(mask.height), but the image to draw on is \(width) x \(height)")
    }
    let alpha = Self.alpha(opacity)
    for index in mask.pixels.indices where mask.pixels[index] != 0 {
      blend(color, at: index, alpha: alpha)
    }
  }

  /// Writes a line of text on a filled background, its top left corner at (x, y), moved as far as needed to
  /// stay within the image. Characters other than printable ASCII appear as a question mark.
  /// - Parameter scale: pixels per dot of the 5 x 7 letters.
  public mutating func drawLabel(
    _ text: String, x: Int, y: Int, color: RGBColor = .white, background: RGBColor = .red, scale: Int = 1
  ) {
    guard !text.isEmpty else { return }
    let size = Self.labelSize(text, scale: scale)
    let dot = max(scale, 1)
    let left = max(min(x, width - size.width), 0)
    let top = max(min(y, height - size.height), 0)
    fill(x1: left, y1: top, x2: left + size.width, y2: top + size.height, color: background)
    for (place, character) in text.enumerated() {
      let start = left + dot + place * (DotFont.columns + 1) * dot
      for (column, dots) in DotFont.glyph(character).enumerated() {
        for row in 0..<DotFont.rows where dots >> UInt8(row) & 1 == 1 {
          let (x1, y1) = (start + column * dot, top + (row + 1) * dot)
          fill(x1: x1, y1: y1, x2: x1 + dot, y2: y1 + dot, color: color)
        }
      }
    }
  }

  /// The size of the background `drawLabel` fills: the letters with one dot around and between them.
  public static func labelSize(_ text: String, scale: Int = 1) -> ImageSize {
    let dot = max(scale, 1)
    return ImageSize(
      width: (text.count * (DotFont.columns + 1) + 1) * dot, height: (DotFont.rows + 2) * dot)
  }

  /// 0 to 255.
  private static func alpha(_ opacity: Double) -> Int {
    opacity.isFinite ? Int((min(max(opacity, 0), 1) * 255).rounded()) : 255
  }

  private mutating func blend(_ color: RGBColor, at pixel: Int, alpha: Int) {
    let start = pixel * 3
    pixels[start] = Self.mix(pixels[start], color.red, alpha)
    pixels[start + 1] = Self.mix(pixels[start + 1], color.green, alpha)
    pixels[start + 2] = Self.mix(pixels[start + 2], color.blue, alpha)
  }

  private static func mix(_ below: UInt8, _ above: UInt8, _ alpha: Int) -> UInt8 {
    UInt8((Int(below) * (255 - alpha) + Int(above) * alpha + 127) / 255)
  }
}

import CImageCodecs

extension RGBImage {
  /// Linear interpolation with antialiasing, bit for bit as Pillow's fixed-point resampling gives it when the width
  /// is changed first and the height afterwards.
  /// - Precondition: both sides are positive.
  public func resizedBilinear(width: Int, height: Int) -> RGBImage {
    resized(width: width, height: height, with: .bilinear)
  }

  /// Bicubic interpolation (a = -0.5) with antialiasing, bit for bit as Pillow's fixed-point resampling
  /// gives it when the width is changed first and the height afterwards.
  /// - Precondition: both sides are positive.
  public func resizedBicubic(width: Int, height: Int) -> RGBImage {
    resized(width: width, height: height, with: .bicubic)
  }

  /// Lanczos interpolation (three lobes) with antialiasing, bit for bit as Pillow's fixed-point resampling
  /// gives it when the width is changed first and the height afterwards.
  /// - Precondition: both sides are positive.
  public func resizedLanczos(width: Int, height: Int) -> RGBImage {
    resized(width: width, height: height, with: .lanczos)
  }

  /// A rectangle of the image, its right and bottom edges excluded.
  /// - Precondition: it lies within the image and is not empty.
  public func cropped(x1: Int, y1: Int, x2: Int, y2: Int) -> RGBImage {
    if (x1, y1, x2, y2) == (0, 0, width, height) { return self }
    precondition(
      0 <= x1 && x1 < x2 && x2 <= width && 0 <= y1 && y1 < y2 && y2 <= height,
      "the rectangle \(x1), \(y1), \(x2), \(y2) is not within \(width) x \(height)")
    var part: [UInt8] = []
    part.reserveCapacity((x2 - x1) * (y2 - y1) * 3)
    for y in y1..<y2 { part += pixels[(y * width + x1) * 3..<(y * width + x2) * 3] }
    return RGBImage(width: x2 - x1, height: y2 - y1, pixels: part)
  }

  private func resized(width: Int, height: Int, with filter: ResamplingFilter) -> RGBImage {
    precondition(width > 0 && height > 0, "an image cannot be resized to \(width) x \(height)")
    var result = pixels
    if width != self.width {
      let windows = ResamplingWindows(from: self.width, to: width, filter: filter)
      result = Self.bytes(width * self.height * 3) { output in
        image_resample_horizontally(
          result, self.width, self.height, output, width, windows.bounds, windows.weights, windows.stride)
      }
    }
    if height != self.height {
      let windows = ResamplingWindows(from: self.height, to: height, filter: filter)
      var sums = [Int32](repeating: 0, count: width * 3)
      result = Self.bytes(width * height * 3) { output in
        image_resample_vertically(
          result, width * 3, output, height, windows.bounds, windows.weights, windows.stride, &sums)
      }
    }
    return RGBImage(width: width, height: height, pixels: result)
  }

  static func bytes(_ count: Int, filledBy fill: (UnsafeMutablePointer<UInt8>) -> Void) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let start = buffer.baseAddress { fill(start) }
      initialized = count
    }
  }
}

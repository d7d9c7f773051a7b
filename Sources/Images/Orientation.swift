/// How a stored picture has to be turned to be seen upright: the value of EXIF's tag 0x0112.
enum Orientation: Int {
  case upright = 1
  case mirrored
  case upsideDown
  case flipped
  case transposed
  case turnedRight
  case transversed
  case turnedLeft

  var swapsSides: Bool { rawValue >= 5 }

  func applied(to size: ImageSize) -> ImageSize {
    swapsSides ? ImageSize(width: size.height, height: size.width) : size
  }
}

extension RGBImage {
  /// The picture upright, remembering the size it was stored with.
  func turned(by orientation: Orientation) -> RGBImage {
    if orientation == .upright { return self }
    let target = orientation.applied(to: size)
    let (w, h) = (width, height)
    // Where the first pixel comes from, and the way through the stored ones when going right and down.
    let (first, right, down) =
      switch orientation {
      case .upright: (0, 1, w)
      case .mirrored: (w - 1, -1, w)
      case .upsideDown: (w * h - 1, -1, -w)
      case .flipped: (w * (h - 1), 1, -w)
      case .transposed: (0, w, 1)
      case .turnedRight: (w * (h - 1), -w, 1)
      case .transversed: (w * h - 1, -w, -1)
      case .turnedLeft: (w - 1, w, -1)
      }
    let turned = pixels.withUnsafeBufferPointer { source in
      [UInt8](unsafeUninitializedCapacity: w * h * 3) { buffer, count in
        var output = 0
        for y in 0..<target.height {
          var input = (first + y * down) * 3
          for _ in 0..<target.width {
            buffer[output] = source[input]
            buffer[output + 1] = source[input + 1]
            buffer[output + 2] = source[input + 2]
            output += 3
            input += right * 3
          }
        }
        count = output
      }
    }
    return RGBImage(width: target.width, height: target.height, pixels: turned, orientedFrom: size)
  }
}

/// An 8-bit RGB image in memory, rows from top to bottom, three bytes per pixel, no padding.
public struct RGBImage: Sendable, Equatable {
  public let width: Int
  public let height: Int
  /// `height * width * 3` bytes: red, green, blue of the top left pixel first.
  public var pixels: [UInt8]
  /// The size of the pixels as stored, where an orientation in the file has turned or mirrored them.
  public let orientedFrom: ImageSize?
  /// Whether the file it was read from has grey above 255, which is white here.
  public internal(set) var isClipped = false

  /// - Precondition: both sides are positive and `pixels` holds `height * width * 3` bytes.
  public init(width: Int, height: Int, pixels: [UInt8], orientedFrom: ImageSize? = nil) {
    precondition(
      width > 0 && height > 0 && pixels.count == width * height * 3,
      "an RGB image of \(width) x \(height) does not take \(pixels.count) bytes")
    self.width = width
    self.height = height
    self.pixels = pixels
    self.orientedFrom = orientedFrom
  }

  /// One colour all over.
  public init(width: Int, height: Int, filledWith color: RGBColor) {
    precondition(width > 0 && height > 0, "an image of \(width) x \(height) has no pixels")
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
      count = width * height * 3
      for start in stride(from: 0, to: count, by: 3) {
        buffer[start] = color.red
        buffer[start + 1] = color.green
        buffer[start + 2] = color.blue
      }
    }
    self.init(width: width, height: height, pixels: pixels)
  }

  public var size: ImageSize { ImageSize(width: width, height: height) }

  /// The colour of a pixel, or a new one for it; `x` to the right, `y` down, both within the image.
  public subscript(x: Int, y: Int) -> RGBColor {
    get {
      let start = offset(x, y)
      return RGBColor(pixels[start], pixels[start + 1], pixels[start + 2])
    }
    set {
      let start = offset(x, y)
      pixels[start] = newValue.red
      pixels[start + 1] = newValue.green
      pixels[start + 2] = newValue.blue
    }
  }

  private func offset(_ x: Int, _ y: Int) -> Int {
    precondition(x >= 0 && x < width && y >= 0 && y < height, "pixel \(x), \(y) of \(width) x \(height)")
    return (y * width + x) * 3
  }
}

/// An 8-bit image of one channel, such as a mask: rows from top to bottom, one byte per pixel.
public struct GreyImage: Sendable, Equatable {
  public let width: Int
  public let height: Int
  /// `height * width` bytes.
  public var pixels: [UInt8]

  /// - Precondition: both sides are positive and `pixels` holds `height * width` bytes.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(
      width > 0 && height > 0 && pixels.count == width * height,
      "a grey image of \(width) x \(height) does not take \(pixels.count) bytes")
    self.width = width
    self.height = height
    self.pixels = pixels
  }
}

public struct ImageSize: Sendable, Equatable, Hashable, CustomStringConvertible {
  public let width: Int
  public let height: Int

  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  public var description: String { "\(width) x \(height)" }
}

public struct RGBColor: Sendable, Equatable, Hashable {
  public let red: UInt8
  public let green: UInt8
  public let blue: UInt8

  public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  public static let white = RGBColor(255, 255, 255)
  public static let black = RGBColor(0, 0, 0)
  public static let red = RGBColor(230, 25, 40)
}

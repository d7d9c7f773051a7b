/// What a file may cost before it is refused: a few hundred bytes can claim gigapixels.
public struct DecodeLimits: Sendable, Equatable {
  /// Width times height, as the file's header states them.
  public var maximumPixels: Int
  public var maximumFileBytes: Int

  public init(maximumPixels: Int, maximumFileBytes: Int) {
    self.maximumPixels = maximumPixels
    self.maximumFileBytes = maximumFileBytes
  }

  /// The number of pixels at which Pillow takes an image for a decompression bomb, and 1 GiB of file.
  public static let standard = DecodeLimits(maximumPixels: 178_956_970, maximumFileBytes: 1 << 30)
}

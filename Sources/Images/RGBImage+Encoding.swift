import CImageCodecs

extension RGBImage {
  /// The image as a PNG file.
  public func png() throws -> [UInt8] {
    try Codec.encodePNG(pixels, width: width, height: height, channels: 3)
  }

  /// The image as a baseline JPEG file with the colour at half resolution.
  /// - Parameter quality: 1 (small) to 100 (good), as libjpeg counts; values outside are brought within.
  public func jpeg(quality: Int = 90) throws -> [UInt8] {
    try Codec.encodeJPEG(self, quality: min(max(quality, 1), 100))
  }
}

extension GreyImage {
  /// The image as a grey PNG file.
  public func png() throws -> [UInt8] {
    try Codec.encodePNG(pixels, width: width, height: height, channels: 1)
  }
}

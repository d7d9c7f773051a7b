import CImageCodecs

/// Size and orientation of a TIFF's first picture.
struct TIFFHeader {
  /// Little- and big-endian, classic and with 64-bit offsets.
  static let signatures: [[UInt8]] = [
    [0x49, 0x49, 42, 0], [0x4d, 0x4d, 0, 42], [0x49, 0x49, 43, 0], [0x4d, 0x4d, 0, 43],
  ]

  let size: ImageSize
  let orientation: Orientation
  /// Grey of more than 8 bits.
  let isDeepGrey: Bool

  init(_ bytes: [UInt8], name: String) throws {
    var (width, height, stated, deep) = (UInt32(0), UInt32(0), Int32(1), Int32(0))
    try Codec.reporting(name) {
      image_read_tiff_header(bytes, bytes.count, &width, &height, &stated, &deep, $0)
    }
    size = ImageSize(width: Int(width), height: Int(height))
    orientation = Orientation(rawValue: Int(stated)) ?? .upright
    isDeepGrey = deep != 0
  }
}

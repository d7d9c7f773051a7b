import CImageCodecs

/// Size of a WebP's canvas and the profiles that may hold an orientation.
struct WebPHeader {
  let size: ImageSize
  private(set) var profiles = OrientationProfiles()

  static func isSignature(of bytes: [UInt8]) -> Bool {
    bytes.count >= 12 && bytes.starts(with: "RIFF".utf8) && bytes[8..<12].elementsEqual("WEBP".utf8)
  }

  init(_ bytes: [UInt8], name: String) throws {
    var (width, height) = (UInt32(0), UInt32(0))
    try Codec.reporting(name) { image_read_webp_header(bytes, bytes.count, &width, &height, $0) }
    size = ImageSize(width: Int(width), height: Int(height))
    // Chunks of a name, a length and as many bytes, filled up to an even number.
    var position = 12
    while position + 8 <= bytes.count {
      let length = bytes.littleEndian(at: position + 4, count: 4)
      let start = position + 8
      guard length <= bytes.count - start else { break }
      let content = bytes[start..<start + length]
      if bytes[position..<position + 4].elementsEqual("EXIF".utf8) { profiles.exif = [UInt8](content) }
      if bytes[position..<position + 4].elementsEqual("XMP ".utf8) { profiles.xmp = [UInt8](content) }
      position = start + length + length % 2
    }
  }
}

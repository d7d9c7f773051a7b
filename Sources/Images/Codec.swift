import CImageCodecs
import Glibc

/// The codecs with Swift's arrays and errors.
enum Codec {
  /// A C decoder: file, its length, the size it has to have, the ground, room for the pixels, room for a sentence.
  private typealias Decoder = (
    UnsafePointer<UInt8>, Int, UInt32, UInt32, UInt8, UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<CChar>
  ) -> Int32

  /// The picture as stored, before its orientation is applied.
  static func decode(
    _ bytes: [UInt8], header: ImageHeader, over ground: ImageGround, name: String
  ) throws -> RGBImage {
    func decoded(by decoder: Decoder) throws -> RGBImage {
      let (width, height) = (header.size.width, header.size.height)
      let pixels = try [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
        guard let rgb = buffer.baseAddress else { return }
        try reporting(name) {
          decoder(bytes, bytes.count, UInt32(width), UInt32(height), ground.rawValue, rgb, $0)
        }
        count = width * height * 3
      }
      return RGBImage(width: width, height: height, pixels: pixels)
    }
    return switch header.format {
    case .png: try decoded(by: image_decode_png)
    case .jpeg: try decoded(by: image_decode_jpeg)
    case .tiff: try decoded(by: image_decode_tiff)
    case .webp: try decoded(by: image_decode_webp)
    case .bmp(let header): try BMPDecoder.decode(bytes, header: header, over: ground, name: name)
    }
  }

  static func encodePNG(_ pixels: [UInt8], width: Int, height: Int, channels: Int) throws -> [UInt8] {
    try encode(width: width, height: height) { file, count, reason in
      image_encode_png(pixels, UInt32(width), UInt32(height), Int32(channels), file, count, reason)
    }
  }

  static func encodeJPEG(_ image: RGBImage, quality: Int) throws -> [UInt8] {
    let (width, height) = (image.width, image.height)
    return try encode(width: width, height: height) { file, count, reason in
      image_encode_jpeg(image.pixels, UInt32(width), UInt32(height), Int32(quality), file, count, reason)
    }
  }

  /// A zlib stream's content, or nil where it is broken or longer than `limit`.
  static func inflate(_ bytes: ArraySlice<UInt8>, atMost limit: Int) -> [UInt8]? {
    var length = -1
    let content = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      guard let start = buffer.baseAddress else { return }
      length = bytes.withUnsafeBufferPointer { input in
        input.baseAddress.map { image_inflate($0, input.count, start, limit) } ?? -1
      }
      count = max(length, 0)
    }
    return length < 0 ? nil : content
  }

  private static func encode(
    width: Int, height: Int,
    _ body: (
      UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, UnsafeMutablePointer<Int>,
      UnsafeMutablePointer<CChar>
    ) -> Int32
  ) throws -> [UInt8] {
    let name = "an image of \(width) x \(height)"
    guard max(width, height) <= Int(Int32.max) else {
      throw ImageError(name: name, reason: "is too large for an image file")
    }
    var file: UnsafeMutablePointer<UInt8>?
    var count = 0
    try reporting(name) { body(&file, &count, $0) }
    defer { free(file) }
    return [UInt8](UnsafeBufferPointer(start: file, count: count))
  }

  /// Turns the sentence a failing codec leaves into an error.
  static func reporting(_ name: String, _ body: (UnsafeMutablePointer<CChar>) -> Int32) throws {
    try withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IMAGE_REASON_SIZE)) { reason in
      reason.initialize(repeating: 0)
      guard let start = reason.baseAddress, body(start) != 0 else { return }
      throw ImageError(name: name, reason: String(cString: start))
    }
  }
}

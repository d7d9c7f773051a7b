/// What a Windows bitmap says before its pixels.
struct BMPHeader {
  static let signature = Array("BM".utf8)

  enum Compression: Int {
    case none, runs8, runs4, masks
  }

  let size: ImageSize
  let bits: Int
  let compression: Compression
  /// Rows usually come from the bottom up.
  let isTopDown: Bool
  /// Red, green, blue and alpha of a pixel that states its masks; alpha 0 where there is none.
  private(set) var masks: [Int] = []
  /// Colours of a picture with up to 8 bits, in the file's order.
  private(set) var palette: [RGBColor] = []
  /// Where the pixels begin.
  let pixels: Int

  private static let headerSizes: Set<Int> = [12, 40, 52, 56, 64, 108, 124]

  init(_ bytes: [UInt8], name: String) throws {
    func broken(_ reason: String) -> ImageError {
      ImageError(name: name, reason: "is not a readable BMP: \(reason)")
    }
    let truncated = ImageError(name: name, reason: "is truncated: the BMP ends within its header")
    guard bytes.count >= 26 else { throw truncated }
    let headerSize = bytes.littleEndian(at: 14, count: 4)
    guard Self.headerSizes.contains(headerSize) else {
      throw broken("its header has \(headerSize) bytes, which no version of the format has")
    }
    guard bytes.count >= 14 + headerSize else { throw truncated }
    let isOld = headerSize == 12
    let fields = isOld ? 2 : 4
    let width = bytes.littleEndian(at: 18, count: fields)
    let height = bytes.littleEndian(at: 18 + fields, count: fields)
    isTopDown = !isOld && height > Int(Int32.max)
    size = ImageSize(width: width, height: isTopDown ? (1 << 32) - height : height)
    guard width <= Int(Int32.max), size.height <= Int(Int32.max) else {
      throw broken("it states a size of \(size)")
    }
    bits = bytes.littleEndian(at: isOld ? 24 : 28, count: 2)
    guard [1, 4, 8, 16, 24, 32].contains(bits) else {
      throw broken("it has \(bits) bits per pixel")
    }
    let method = isOld ? 0 : bytes.littleEndian(at: 30, count: 4)
    guard let compression = Compression(rawValue: method),
      (compression != .runs8 || bits == 8) && (compression != .runs4 || bits == 4),
      compression != .masks || bits >= 16
    else { throw broken("its compression \(method) at \(bits) bits is not supported") }
    self.compression = compression

    var position = 14 + headerSize
    if compression == .masks {
      // Behind the oldest header with masks, within the later ones.
      let count = headerSize >= 56 ? 4 : 3
      guard bytes.count >= 54 + count * 4 else { throw truncated }
      masks = (0..<count).map { bytes.littleEndian(at: 54 + $0 * 4, count: 4) }
      if count == 3 { masks.append(0) }
      if headerSize == 40 { position += 12 }
    }
    if bits <= 8 {
      let entry = isOld ? 3 : 4
      let stated = isOld ? 0 : bytes.littleEndian(at: 46, count: 4)
      guard stated <= 65536 else { throw broken("its palette has \(stated) colours") }
      let count = stated == 0 ? 1 << bits : stated
      guard bytes.count >= position + count * entry else { throw truncated }
      palette = (0..<min(count, 256)).map {
        let start = position + $0 * entry
        return RGBColor(bytes[start + 2], bytes[start + 1], bytes[start])
      }
      position += count * entry
    }
    let stated = bytes.littleEndian(at: 10, count: 4)
    pixels = stated == 0 ? position : stated
  }
}

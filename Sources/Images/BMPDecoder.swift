/// Windows bitmaps as RGB: palettes, run lengths, and pixels of 16, 24 and 32 bits.
///
/// The format has no library of its own, and needs none: every access here is checked, so a hostile file costs an
/// error at worst. Transparency counts only where the file states a mask for it.
enum BMPDecoder {
  static func decode(
    _ bytes: [UInt8], header: BMPHeader, over ground: ImageGround, name: String
  ) throws -> RGBImage {
    let (width, height) = (header.size.width, header.size.height)
    let truncated = ImageError(name: name, reason: "is truncated: the BMP ends before its pixels do")
    switch header.compression {
    case .runs8, .runs4:
      guard let indices = runs(bytes, header: header) else { throw truncated }
      return image(header, width * height) { pixel in
        let row = pixel / width
        let stored = header.isTopDown ? row : height - 1 - row
        return color(Int(indices[stored * width + pixel % width]), of: header)
      }
    case .none, .masks:
      // Rows are filled up to a multiple of four bytes; the last one's filling may be missing.
      let rowBytes = (width * header.bits + 31) / 32 * 4
      let needed = (width * header.bits + 7) / 8
      guard header.pixels <= bytes.count, (bytes.count - header.pixels) >= rowBytes * (height - 1) + needed
      else { throw truncated }
      let layout = try PixelLayout(header, over: ground, name: name)
      return image(header, width * height) { pixel in
        let (row, column) = (pixel / width, pixel % width)
        let start = header.pixels + (header.isTopDown ? row : height - 1 - row) * rowBytes
        return layout.color(bytes, row: start, column: column)
      }
    }
  }

  private static func image(_ header: BMPHeader, _ count: Int, _ color: (Int) -> RGBColor) -> RGBImage {
    let pixels = [UInt8](unsafeUninitializedCapacity: count * 3) { buffer, initialized in
      for pixel in 0..<count {
        let found = color(pixel)
        buffer[pixel * 3] = found.red
        buffer[pixel * 3 + 1] = found.green
        buffer[pixel * 3 + 2] = found.blue
      }
      initialized = count * 3
    }
    return RGBImage(width: header.size.width, height: header.size.height, pixels: pixels)
  }

  /// A palette's colour; black past its end.
  static func color(_ index: Int, of header: BMPHeader) -> RGBColor {
    index < header.palette.count ? header.palette[index] : .black
  }

  /// Run lengths to one index per pixel, rows as stored; nil where the file ends too early. What a file leaves out
  /// by a jump has index 0.
  private static func runs(_ bytes: [UInt8], header: BMPHeader) -> [UInt8]? {
    let (width, height) = (header.size.width, header.size.height)
    let isNarrow = header.compression == .runs4
    var indices = [UInt8](repeating: 0, count: width * height)
    var (x, y) = (0, 0)
    func put(_ index: UInt8) {
      if x < width, y < height { indices[y * width + x] = index }
      x += 1
    }
    /// The index at a place of a run, of which two share a byte where they have four bits.
    func half(_ byte: UInt8, _ place: Int) -> UInt8 {
      isNarrow ? (place % 2 == 0 ? byte >> 4 : byte & 15) : byte
    }
    var position = header.pixels
    while y < height {
      guard position + 2 <= bytes.count else { return nil }
      let (count, value) = (Int(bytes[position]), bytes[position + 1])
      position += 2
      if count > 0 {
        for place in 0..<count { put(half(value, place)) }
        continue
      }
      switch value {
      case 0: (x, y) = (0, y + 1)
      case 1: return indices
      case 2:
        guard position + 2 <= bytes.count else { return nil }
        x += Int(bytes[position])
        y += Int(bytes[position + 1])
        position += 2
      default:
        // So many indices as they are, filled up to an even number of bytes.
        let length = isNarrow ? (Int(value) + 1) / 2 : Int(value)
        guard position + length <= bytes.count else { return nil }
        for place in 0..<Int(value) { put(half(bytes[position + (isNarrow ? place / 2 : place)], place)) }
        position += length + length % 2
      }
    }
    return indices
  }
}

/// Where the colours of an unpacked pixel lie.
private struct PixelLayout {
  /// How far to shift a channel down and how many bits it has.
  private struct Channel {
    let shift: Int
    let bits: Int

    /// A mask of adjacent bits, nil for another one.
    init?(mask: Int) {
      guard mask > 0 else { return nil }
      shift = mask.trailingZeroBitCount
      let run = mask >> shift
      guard run & (run + 1) == 0 else { return nil }
      bits = run.trailingZeroBitCount == 0 ? (run + 1).trailingZeroBitCount : 0
      guard bits > 0, bits <= 8 else { return nil }
    }

    /// 0 to 255.
    func value(of pixel: Int) -> UInt8 {
      let most = 1 << bits - 1
      return UInt8((pixel >> shift & most) * 255 / most)
    }
  }

  private let header: BMPHeader
  private let ground: ImageGround
  /// Of a picture without a palette.
  private let colors: (red: Channel, green: Channel, blue: Channel)?
  private let alpha: Channel?

  init(_ header: BMPHeader, over ground: ImageGround, name: String) throws {
    self.header = header
    self.ground = ground
    guard header.bits > 8 else {
      (colors, alpha) = (nil, nil)
      return
    }
    let standard = header.bits == 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0]
    // Masks that are all 0 mean the usual order with alpha.
    let masks =
      header.compression != .masks
      ? standard : header.masks.contains { $0 != 0 } ? header.masks : standard.dropLast() + [0xff00_0000]
    let channels = masks.map(Channel.init(mask:))
    alpha = channels[3]
    guard let red = channels[0], let green = channels[1], let blue = channels[2],
      masks[3] == 0 || alpha != nil
    else {
      throw ImageError(name: name, reason: "is not a readable BMP: its colour masks are none")
    }
    colors = (red, green, blue)
  }

  /// - Precondition: the row lies within the bytes.
  func color(_ bytes: [UInt8], row: Int, column: Int) -> RGBColor {
    switch header.bits {
    case 1: BMPDecoder.color(Int(bytes[row + column / 8] >> UInt8(7 - column % 8) & 1), of: header)
    case 4: BMPDecoder.color(Int(bytes[row + column / 2] >> UInt8(4 - 4 * (column % 2)) & 15), of: header)
    case 8: BMPDecoder.color(Int(bytes[row + column]), of: header)
    case 24 where header.compression == .none:
      RGBColor(bytes[row + column * 3 + 2], bytes[row + column * 3 + 1], bytes[row + column * 3])
    default: masked(bytes.littleEndian(at: row + column * header.bits / 8, count: header.bits / 8))
    }
  }

  private func masked(_ pixel: Int) -> RGBColor {
    guard let colors else { return .black }
    let color = RGBColor(
      colors.red.value(of: pixel), colors.green.value(of: pixel), colors.blue.value(of: pixel))
    guard let alpha else { return color }
    let opacity = Int(alpha.value(of: pixel))
    /// Over the ground, rounded as Pillow does.
    func over(_ value: UInt8) -> UInt8 {
      let sum = Int(ground.rawValue) * (255 - opacity) + Int(value) * opacity + 128
      return UInt8((sum >> 8 + sum) >> 8)
    }
    return RGBColor(over(color.red), over(color.green), over(color.blue))
  }
}

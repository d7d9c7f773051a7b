import Images
import Testing

@Suite struct RefusalTests {
  private func reason(_ bytes: [UInt8], limits: DecodeLimits = .standard) -> String? {
    do {
      _ = try ImageFile.decode(bytes: bytes, name: "part.png", limits: limits)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test(
    "a file cut off anywhere before its last pixels is an error", arguments: ["rgb8.png", "half-colour.jpg"])
  func truncated(file: String) throws {
    let bytes = try Golden.bytes(file)
    // Behind the pixels of a PNG there are 12 bytes, of a JPEG 2; the last bits of both may be padding.
    for length in 0..<bytes.count - 16 {
      let found = reason(Array(bytes[..<length]))
      let message = try #require(found, "\(length) of \(bytes.count) bytes")
      #expect(message.hasPrefix("part.png: "))
    }
    #expect(reason(Array(bytes[..<(bytes.count / 2)]))?.contains("truncated") == true)
  }

  @Test(
    "a file cut off anywhere within its pixels is an error",
    arguments: [
      "rgb.tif", "rgb-lzw.tif", "rgb-jpeg.tif", "tiles.tif", "planes.tif", "lossy.webp", "lossless.webp",
      "lossy-alpha.webp", "animation.webp", "rgb24.bmp", "palette4.bmp", "runs8.bmp", "alpha-masks.bmp",
    ])
  func cutOff(file: String) throws {
    let bytes = try Golden.bytes(file)
    // A TIFF's directory stands behind its pixels, and what follows its entries does not matter.
    let least = file.hasSuffix(".tif") ? bytes.count * 3 / 4 : bytes.count - 4
    for length in 0..<bytes.count {
      let found = reason(Array(bytes[..<length]))
      if length < least { #expect(found != nil, "\(length) of \(bytes.count) bytes") }
    }
  }

  @Test(
    "a wrong byte never does worse than an error",
    arguments: [
      "palette4.png", "full-colour-progressive.jpg", "rgb-lzw.tif", "rgb-jpeg.tif", "tiles.tif",
      "rgbx116-big.tif", "bilevel-fax.tif", "lossy-alpha.webp", "lossless.webp", "animation.webp",
      "palette8-old.bmp", "runs4.bmp", "runs8.bmp", "alpha-masks.bmp",
    ])
  func corrupt(file: String) throws {
    var bytes = try Golden.bytes(file)
    for index in bytes.indices {
      let original = bytes[index]
      for value in [0, 0xff, original ^ 0x10] as [UInt8] {
        bytes[index] = value
        if let image = try? ImageFile.decode(bytes: bytes, name: "corrupt") {
          #expect(image.pixels.count == image.width * image.height * 3)
        }
      }
      bytes[index] = original
    }
  }

  @Test(
    "a header that claims more pixels than allowed is refused before anything is decoded",
    arguments: [("rgb24.bmp", 18), ("lossless-alpha.webp", 21)])
  func claims(file: String, offset: Int) throws {
    var bytes = try Golden.bytes(file)
    bytes.replaceSubrange(offset..<offset + 8, with: [0xff, 0xff, 0xff, 0x0f, 0xff, 0xff, 0xff, 0x0f])
    let found = try #require(reason(bytes))
    #expect(found.contains("more than the 178956970 pixels allowed") || found.contains("not a readable"))
  }

  @Test("a TIFF that claims gigapixels in a few bytes is refused with both numbers")
  func tiffBomb() throws {
    var bytes = try Golden.bytes("grey8-zero-is-white.tif")
    // The directory's first two entries: width and height as SHORT at its start.
    let directory = Int(bytes[4]) | Int(bytes[5]) << 8
    for entry in 0..<2 {
      bytes.replaceSubrange(directory + 10 + entry * 12..<directory + 12 + entry * 12, with: [0xff, 0xff])
    }
    #expect(reason(bytes) == "part.png: is 65535 x 65535, more than the 178956970 pixels allowed")
  }

  @Test("a TIFF of a few bytes whose sides have 32 bits each is refused")
  func tiffOverflow() throws {
    func number(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    // Bilevel, LZW, one strip.
    let tags: [(tag: UInt32, value: UInt32)] = [
      (256, .max), (257, .max), (258, 1), (259, 5), (262, 1), (273, 8), (277, 1), (279, 4),
    ]
    var bytes: [UInt8] = [0x49, 0x49, 42, 0] + number(12) + [0x80, 0, 0x20, 0x20] + [UInt8(tags.count), 0]
    for (tag, value) in tags { bytes += number(tag | 4 << 16) + number(1) + number(value) }
    bytes += number(0)
    #expect(reason(bytes)?.hasPrefix("part.png: is 4294967295 x 4294967295, more than") == true)
  }

  @Test("a wrong checksum of the pixels is an error")
  func checksum() throws {
    var bytes = try Golden.bytes("rgb8.png")
    bytes[bytes.count - 13] ^= 1
    #expect(reason(bytes)?.contains("CRC") == true)
  }

  @Test("an image of more pixels than allowed is refused by its header, with both numbers")
  func tooManyPixels() throws {
    var bytes = try Golden.bytes("rgb8.png")
    bytes.replaceSubrange(16..<24, with: [0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff])
    #expect(reason(bytes) == "part.png: is 65535 x 65535, more than the 178956970 pixels allowed")
    let size = DecodeLimits(maximumPixels: 76, maximumFileBytes: 1 << 20)
    #expect(reason(try Golden.bytes("rgb8.png"), limits: size)?.contains("11 x 7") == true)
  }

  @Test("a file of more bytes than allowed is not read")
  func tooManyBytes() throws {
    let limits = DecodeLimits(maximumPixels: 1000, maximumFileBytes: 10)
    let path = Golden.path("rgb8.png")
    let error = try #require(throws: ImageError.self) { try ImageFile.decode(path: path, limits: limits) }
    #expect(error.name == path)
    #expect(error.reason.contains("more than the 10 allowed"))
    #expect(reason(try Golden.bytes("rgb8.png"), limits: limits)?.contains("more than the 10") == true)
  }

  @Test("what is no image at all is named as such")
  func noImage() {
    #expect(reason([]) == "part.png: is empty")
    #expect(
      reason(Array("GIF89a".utf8)) == "part.png: is no PNG, JPEG, TIFF, WebP or BMP, by its first bytes")
    let missing = #expect(throws: ImageError.self) { try ImageFile.decode(path: "/nowhere/a.png") }
    #expect(missing?.description == "/nowhere/a.png: cannot be opened: No such file or directory")
    let folder = #expect(throws: ImageError.self) { try ImageFile.decode(path: Golden.folder.path) }
    #expect(folder?.reason == "is not a regular file")
  }
}

/// A walk over the chunks of a PNG for its size and the profiles that may hold an orientation.
struct PNGHeader {
  static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
  /// Of compressed text, once decompressed.
  private static let longestText = 1 << 20

  let size: ImageSize
  /// Grey of 16 bits.
  let isDeepGrey: Bool
  private(set) var profiles = OrientationProfiles()

  init(_ bytes: [UInt8], name: String) throws {
    // Signature, then a chunk of length 13 called IHDR.
    guard bytes.count >= 33 else {
      throw ImageError(name: name, reason: "is truncated: the PNG ends within its header")
    }
    guard bytes.bigEndian(at: 8, count: 4) == 13, bytes[12..<16].elementsEqual("IHDR".utf8) else {
      throw ImageError(name: name, reason: "is not a readable PNG: it does not begin with its header")
    }
    size = ImageSize(width: bytes.bigEndian(at: 16, count: 4), height: bytes.bigEndian(at: 20, count: 4))
    // Bits of a sample, then the kind of colour, of which 0 is grey.
    isDeepGrey = bytes[24] == 16 && bytes[25] == 0
    guard max(size.width, size.height) <= Int(Int32.max) else {
      throw ImageError(name: name, reason: "is not a readable PNG: it states a size of \(size)")
    }
    // Orientation may stand behind the pixels. What is cut off is for the decoder to complain about.
    var position = 33
    while position + 12 <= bytes.count {
      let length = bytes.bigEndian(at: position, count: 4)
      guard length <= bytes.count - position - 12 else { break }
      let kind = String(decoding: bytes[position + 4..<position + 8], as: UTF8.self)
      if kind == "IEND" { break }
      read(kind, bytes[position + 8..<position + 8 + length])
      position += length + 12
    }
  }

  private mutating func read(_ kind: String, _ content: ArraySlice<UInt8>) {
    switch kind {
    case "eXIf":
      profiles.exif = [UInt8](content)
    case "tEXt":
      let parts = content.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { read(text: parts[1], key: parts[0]) }
    case "zTXt":
      let parts = content.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, parts[1].first == 0, isOfInterest(parts[0]) else { return }
      guard let text = Codec.inflate(parts[1].dropFirst(), atMost: Self.longestText) else { return }
      read(text: text[...], key: parts[0])
    case "iTXt":
      // Key, 0, compressed or not, method, language, 0, translated key, 0, text
      let parts = content.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, parts[1].count >= 2, isOfInterest(parts[0]) else { return }
      let compressed = parts[1][parts[1].startIndex] != 0
      let rest = parts[1].dropFirst(2).split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
      guard rest.count == 3 else { return }
      if !compressed {
        read(text: rest[2], key: parts[0])
      } else if let text = Codec.inflate(rest[2], atMost: Self.longestText) {
        read(text: text[...], key: parts[0])
      }
    default: break
    }
  }

  private func isOfInterest(_ key: ArraySlice<UInt8>) -> Bool {
    key.elementsEqual("Raw profile type exif".utf8) || key.elementsEqual("XML:com.adobe.xmp".utf8)
  }

  private mutating func read(text: ArraySlice<UInt8>, key: ArraySlice<UInt8>) {
    if key.elementsEqual("Raw profile type exif".utf8) {
      profiles.exifText = [UInt8](text)
    } else if key.elementsEqual("XML:com.adobe.xmp".utf8) {
      profiles.xmp = [UInt8](text)
    }
  }
}

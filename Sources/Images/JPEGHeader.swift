/// A walk over the segments of a JPEG up to its first scan, for its size and orientation.
struct JPEGHeader {
  static let signature: [UInt8] = [0xff, 0xd8, 0xff]

  private(set) var size = ImageSize(width: 0, height: 0)
  private(set) var profiles = OrientationProfiles()

  init(_ bytes: [UInt8], name: String) throws {
    let truncated = ImageError(name: name, reason: "is truncated: the JPEG ends within its header")
    var position = 2
    while true {
      // Bytes between segments are skipped, as are repeated 0xff before a marker.
      while position < bytes.count, bytes[position] != 0xff { position += 1 }
      while position < bytes.count, bytes[position] == 0xff { position += 1 }
      guard position < bytes.count else { throw truncated }
      let marker = bytes[position]
      position += 1
      if Self.standsAlone(marker) { continue }
      guard position + 2 <= bytes.count else { throw truncated }
      let length = bytes.bigEndian(at: position, count: 2)
      guard length >= 2, position + length <= bytes.count else { throw truncated }
      let content = bytes[position + 2..<position + length]
      switch marker {
      case 0xc0...0xcf where marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
        // Bits per sample, height, width, components
        guard content.count >= 6 else { throw truncated }
        size = ImageSize(
          width: bytes.bigEndian(at: position + 5, count: 2),
          height: bytes.bigEndian(at: position + 3, count: 2))
        guard bytes[position + 2] == 8 else {
          throw ImageError(
            name: name, reason: "is a JPEG of \(bytes[position + 2]) bits per sample; only 8 can be read")
        }
      case 0xe1: read(content)
      case 0xda:
        return
      default: break
      }
      position += length
    }
  }

  /// Markers that no segment follows.
  private static func standsAlone(_ marker: UInt8) -> Bool {
    marker <= 0x01 || marker == 0xc8 || 0xd0...0xd9 ~= marker || 0xf0...0xfd ~= marker
  }

  private mutating func read(_ content: ArraySlice<UInt8>) {
    let (exif, xmp) = (Array("Exif\0\0".utf8), Array("http://ns.adobe.com/xap/1.0/\0".utf8))
    if content.starts(with: exif) {
      // A profile too long for one segment goes on in the next.
      profiles.exif = (profiles.exif ?? []) + content.dropFirst(exif.count)
    } else if content.starts(with: xmp) {
      profiles.xmp = [UInt8](content.dropFirst(xmp.count))
    }
  }
}

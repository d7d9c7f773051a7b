/// The places a file may keep its orientation in, in the order they are asked.
///
/// A profile that cannot be read counts as absent: the picture is worth more than its metadata.
struct OrientationProfiles {
  /// A TIFF header with directories, perhaps with "Exif" and two zeros before it.
  var exif: [UInt8]?
  /// The same in hexadecimal behind three lines of preamble, as ImageMagick writes it.
  var exifText: [UInt8]?
  var xmp: [UInt8]?

  var orientation: Orientation {
    let profile = exif ?? exifText.flatMap(Self.hexadecimal)
    // A stated orientation counts even where it means nothing; the next place is asked only without one.
    let stated = profile.flatMap(TIFFDirectory.orientation) ?? xmp.flatMap(Self.orientation(inXMP:))
    return stated.flatMap(Orientation.init(rawValue:)) ?? .upright
  }

  private static func hexadecimal(_ text: [UInt8]) -> [UInt8]? {
    let lines = text.split(separator: UInt8(ascii: "\n"), maxSplits: 3, omittingEmptySubsequences: false)
    guard lines.count == 4 else { return nil }
    var bytes: [UInt8] = []
    var high: UInt8?
    for character in lines[3] {
      guard let digit = Character(UnicodeScalar(character)).hexDigitValue else {
        if character == 0x20 || 0x09...0x0d ~= character { continue }
        return nil
      }
      if let upper = high {
        bytes.append(upper << 4 | UInt8(digit))
        high = nil
      } else {
        high = UInt8(digit)
      }
    }
    return high == nil ? bytes : nil
  }

  /// The digit of `tiff:Orientation="6"` or `<tiff:Orientation>6<`.
  private static func orientation(inXMP xmp: [UInt8]) -> Int? {
    let name = Array("tiff:Orientation".utf8)
    var rest = xmp[...]
    while let start = rest.firstIndex(of: name[0]) {
      rest = rest[start...]
      if rest.starts(with: name) {
        var value = rest.dropFirst(name.count)
        if value.starts(with: "=\"".utf8) {
          value = value.dropFirst(2)
        } else if value.starts(with: ">".utf8) {
          value = value.dropFirst()
        } else {
          value = []
        }
        if let digit = value.first, 48...57 ~= digit { return Int(digit) - 48 }
      }
      rest = rest.dropFirst()
    }
    return nil
  }
}

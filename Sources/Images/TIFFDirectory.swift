/// The first directory of the TIFF structure that EXIF is.
enum TIFFDirectory {
  private static let orientationTag = 0x0112

  /// The value of the orientation tag, nil where there is none or the structure is broken.
  static func orientation(_ profile: [UInt8]) -> Int? {
    var bytes = profile[...]
    let prefix = Array("Exif\0\0".utf8)
    for _ in 0..<2 where bytes.starts(with: prefix) { bytes = bytes.dropFirst(prefix.count) }
    let data = [UInt8](bytes)
    guard data.count >= 8 else { return nil }
    let littleEndian: Bool
    switch (data[0], data[1]) {
    case (0x49, 0x49): littleEndian = true
    case (0x4d, 0x4d): littleEndian = false
    default: return nil
    }
    /// An unsigned number, nil past the end.
    func number(_ offset: Int, _ count: Int) -> Int? {
      guard offset >= 0, offset <= data.count - count else { return nil }
      let digits = data[offset..<offset + count]
      return littleEndian
        ? digits.reversed().reduce(0) { $0 << 8 | Int($1) } : digits.reduce(0) { $0 << 8 | Int($1) }
    }
    guard number(2, 2) == 42, let directory = number(4, 4), let entries = number(directory, 2) else {
      return nil
    }
    var value: Int?
    for entry in 0..<entries {
      let start = directory + 2 + entry * 12
      guard let tag = number(start, 2), let kind = number(start + 2, 2), let count = number(start + 4, 4)
      else { break }
      // SHORT, LONG or a signed number; more values than one are more than the tag has.
      guard tag == orientationTag, count > 0, let size = [3: 2, 4: 4, 6: 1, 8: 2, 9: 4][kind] else {
        continue
      }
      let place = count * size > 4 ? number(start + 8, 4) : start + 8
      if let place, let found = number(place, size) { value = found }
    }
    return value
  }
}

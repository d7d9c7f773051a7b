/// Normalisation form C in the reference's Unicode version.
///
/// Swift's own strings follow the Unicode version of the toolchain, in which marks that are younger than the
/// reference's tables would be reordered.
enum ComposedForm {
  /// The text in NFC; the same bytes when nothing in it can change.
  static func composed(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    if isStable(text) { return nil }
    var scalars: [UInt32] = []
    scalars.reserveCapacity(text.count)
    text.withUnsafeBufferPointer { bytes in
      var position = 0
      while position < bytes.count {
        let (scalar, length) = UTF8Scalar.decode(bytes, at: position)
        appendDecomposition(of: scalar, to: &scalars)
        position += length
      }
    }
    reorder(&scalars)
    compose(&scalars)
    var output: [UInt8] = []
    output.reserveCapacity(text.count)
    for scalar in scalars {
      if let scalar = Unicode.Scalar(scalar) { output += UTF8.encode(scalar) ?? .init() }
    }
    return output
  }

  /// Whether no scalar of the text is affected by normalisation, nor affects one before it.
  private static func isStable(_ text: ArraySlice<UInt8>) -> Bool {
    let classes = ScalarClasses.shared.bytes
    return text.withUnsafeBufferPointer { bytes in
      classes.withUnsafeBufferPointer { classes in
        var position = 0
        while position < bytes.count {
          // Below U+0300, the lead bytes before 0xCC, nothing changes.
          if bytes[position] < 0xCC {
            position += 1
            continue
          }
          let (scalar, length) = UTF8Scalar.decode(bytes, at: position)
          if Int(scalar) < classes.count, classes[Int(scalar)] & ScalarClasses.unstable != 0 { return false }
          position += length
        }
        return true
      }
    }
  }

  // MARK: Hangul, which composes by arithmetic (The Unicode Standard, section 3.12)

  private static let syllables: UInt32 = 0xAC00
  private static let leads: UInt32 = 0x1100
  private static let vowels: UInt32 = 0x1161
  private static let trails: UInt32 = 0x11A7
  private static let leadCount: UInt32 = 19
  private static let vowelCount: UInt32 = 21
  private static let trailCount: UInt32 = 28
  private static let syllableCount = leadCount * vowelCount * trailCount

  private static func appendDecomposition(of scalar: UInt32, to scalars: inout [UInt32]) {
    if scalar < 0xC0 {
      scalars.append(scalar)
    } else if scalar &- syllables < syllableCount {
      let index = scalar - syllables
      scalars.append(leads + index / (vowelCount * trailCount))
      scalars.append(vowels + index % (vowelCount * trailCount) / trailCount)
      if index % trailCount != 0 { scalars.append(trails + index % trailCount) }
    } else if let parts = CanonicalTables.shared.decompositions[scalar] {
      scalars += parts
    } else {
      scalars.append(scalar)
    }
  }

  private static func combiningClass(_ scalar: UInt32) -> UInt8 {
    scalar < 0x300 ? 0 : CanonicalTables.shared.combiningClasses[scalar] ?? 0
  }

  /// Sorts each run of marks by combining class, marks of one class staying in order.
  private static func reorder(_ scalars: inout [UInt32]) {
    var start = 0
    while start < scalars.count {
      guard combiningClass(scalars[start]) != 0 else {
        start += 1
        continue
      }
      var end = start + 1
      while end < scalars.count, combiningClass(scalars[end]) != 0 { end += 1 }
      if end - start > 1 {
        let sorted = scalars[start..<end].enumerated().sorted {
          (combiningClass($0.element), $0.offset) < (combiningClass($1.element), $1.offset)
        }
        scalars.replaceSubrange(start..<end, with: sorted.map(\.element))
      }
      start = end
    }
  }

  private static func compose(_ scalars: inout [UInt32]) {
    var output: [UInt32] = []
    output.reserveCapacity(scalars.count)
    var starter: Int?
    var lastClass: UInt8 = 0  // of what follows the starter in the output
    for scalar in scalars {
      let itsClass = combiningClass(scalar)
      if let starter {
        let adjacent = starter == output.count - 1
        let blocked = !adjacent && (lastClass == 0 || lastClass >= itsClass)
        if !blocked, let composite = composite(output[starter], scalar) {
          output[starter] = composite
          continue
        }
      }
      if itsClass == 0 { starter = output.count }
      lastClass = itsClass
      output.append(scalar)
    }
    scalars = output
  }

  private static func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if first &- leads < leadCount, second &- vowels < vowelCount {
      return syllables + ((first - leads) * vowelCount + (second - vowels)) * trailCount
    }
    let isOpenSyllable = first &- syllables < syllableCount && (first - syllables) % trailCount == 0
    if isOpenSyllable, second > trails, second - trails < trailCount {
      return first + (second - trails)
    }
    return CanonicalTables.shared.compositions[CanonicalTables.pair(first, second)]
  }
}

/// Decoding of UTF-8 that is known to be valid.
enum UTF8Scalar {
  @inline(__always)
  static func decode(_ bytes: UnsafeBufferPointer<UInt8>, at position: Int) -> (scalar: UInt32, length: Int) {
    let lead = UInt32(bytes[position])
    if lead < 0x80 { return (lead, 1) }
    func continuation(_ offset: Int) -> UInt32 { UInt32(bytes[position + offset] & 0x3F) }
    if lead < 0xE0 { return ((lead & 0x1F) << 6 | continuation(1), 2) }
    if lead < 0xF0 { return ((lead & 0x0F) << 12 | continuation(1) << 6 | continuation(2), 3) }
    return (
      (lead & 0x07) << 18 | continuation(1) << 12 | continuation(2) << 6 | continuation(3), 4
    )
  }
}

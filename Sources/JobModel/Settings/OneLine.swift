/// Short texts that people read in lists and on terminals: names, keys, notes.
public enum OneLine {
  /// Whether a text has at most so many characters, and none that breaks a line, steers a terminal or turns the order of
  /// reading round. Characters are counted as the database counts them: Swift takes a letter with a thousand accents for
  /// one.
  public static func holds(_ text: String, longest: Int) -> Bool {
    text.unicodeScalars.count <= longest && !text.unicodeScalars.contains(where: steers)
  }

  /// Control characters, of C1 too, which terminals obey as they do escape sequences; separators of lines; overrides of
  /// the direction of reading.
  public static func steers(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}

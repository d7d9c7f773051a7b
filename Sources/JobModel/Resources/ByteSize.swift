/// Sizes as people write them: "40GB", "512 MiB", "1.5TB", or a number of bytes.
public enum ByteSize {
  private static let units: [(name: String, bytes: Double)] = [
    ("B", 1), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("KIB", 1024), ("MIB", 1_048_576),
    ("GIB", 1_073_741_824), ("TIB", 1_099_511_627_776),
  ]

  /// Bytes; nil for a text that is no size. "40GB.." (at least 40 GB) reads like "40GB".
  public static func parse(_ text: String) -> Int64? {
    var text = Substring(text)
    if text.hasSuffix("..") { text = text.dropLast(2) }
    let number = text.prefix { $0.isNumber || $0 == "." }
    let unit = text.dropFirst(number.count).filter { $0 != " " }.uppercased()
    guard let value = Double(number), value >= 0,
      let factor = unit.isEmpty ? 1 : units.first(where: { $0.name == unit })?.bytes,
      value * factor < 9e18
    else { return nil }
    return Int64((value * factor).rounded())
  }

  /// The shortest form that reads back the same: "40GB", "24GiB", "1234567B".
  public static func text(_ bytes: Int64) -> String {
    guard bytes > 0 else { return "0B" }
    let forms: [(name: String, bytes: Int64)] = [
      ("TB", 1_000_000_000_000), ("TiB", 1_099_511_627_776), ("GB", 1_000_000_000), ("GiB", 1_073_741_824),
      ("MB", 1_000_000), ("MiB", 1_048_576), ("KB", 1000), ("KiB", 1024),
    ]
    for form in forms where bytes % form.bytes == 0 { return "\(bytes / form.bytes)\(form.name)" }
    return "\(bytes)B"
  }
}

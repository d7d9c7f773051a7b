/// A length of time as people write it: 90, 90s, 15m, 12h, 90d.
public enum TimeLength {
  /// About three hundred years, in seconds; no clock here reckons with more.
  static let longest = 1e10

  /// Seconds; nil for a text that is no length.
  public static func parse(_ text: String) -> Double? {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
    var text = text[...]
    var unit = 1.0
    if let last = text.last, let known = units[last] {
      unit = known
      text = text.dropLast()
    }
    guard let number = Double(text), number >= 0, number * unit <= longest else { return nil }
    return number * unit
  }
}

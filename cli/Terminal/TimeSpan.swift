import ArgumentParser

/// A length of time as people write it: 90, 90s, 15m, 12h, 90d.
struct TimeSpan: ExpressibleByArgument {
  let seconds: Double

  init?(argument: String) {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
    var text = argument[...]
    var unit = 1.0
    if let last = text.last, let known = units[last] {
      unit = known
      text = text.dropLast()
    }
    guard let number = Double(text), number >= 0, number.isFinite else { return nil }
    seconds = number * unit
  }
}

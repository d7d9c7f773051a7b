/// Numbers drawn with characters.
enum Curve {
  private static let bars: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// One line, one character per value, or per mean of neighbouring values where there are more than `width`.
  static func sparkline(_ values: [Double], width: Int = 40) -> String {
    let values = means(of: values.filter(\.isFinite), count: width)
    guard let low = values.min(), let high = values.max() else { return "" }
    return String(
      values.map { value in
        guard high > low else { return bars[3] }
        return bars[min(bars.count - 1, Int((value - low) / (high - low) * Double(bars.count)))]
      })
  }

  /// Several lines with an axis: the course of `values` over their index, `rows` high, each row eight steps
  /// fine. Empty for fewer than two values.
  static func plot(_ values: [Double], title: String, width: Int = 60, rows: Int = 8) -> String {
    let values = values.filter(\.isFinite)
    let points = means(of: values, count: width)
    guard points.count > 1, rows > 0, let low = points.min(), let high = points.max() else { return "" }
    let span = high > low ? high - low : 1
    let steps = Double(rows * 8 - 1)
    let heights = points.map { Int((($0 - low) / span * steps).rounded()) + 1 }
    let labels = [Format.fixed(high, 3), Format.fixed(low, 3)]
    let margin = labels.map(\.count).max() ?? 0
    var text = title.isEmpty ? "" : String(repeating: " ", count: margin + 2) + title + "\n"
    for row in (0..<rows).reversed() {
      let label = row == rows - 1 ? labels[0] : row == 0 ? labels[1] : ""
      text += String(repeating: " ", count: margin - label.count) + label + " ┤"
      for height in heights {
        let filled = height - row * 8
        text.append(filled <= 0 ? " " : bars[min(filled, 8) - 1])
      }
      text += "\n"
    }
    let last = String(values.count)
    text += String(repeating: " ", count: margin + 1) + "└" + String(repeating: "─", count: points.count)
    text += "\n" + String(repeating: " ", count: margin + 2) + "1"
    text += String(repeating: " ", count: max(1, points.count - 1 - last.count)) + last + "\n"
    return text
  }

  /// `values` itself, or the means of `count` neighbouring runs of it.
  private static func means(of values: [Double], count: Int) -> [Double] {
    guard count > 0, values.count > count else { return values }
    return (0..<count).map { index in
      let run = values[(index * values.count / count)..<((index + 1) * values.count / count)]
      return run.reduce(0, +) / Double(run.count)
    }
  }
}

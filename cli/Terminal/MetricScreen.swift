import JobModel

/// The curves of a run, one line each: name, course, last value and the range it moved in.
final class MetricScreen {
  private let names: [String]
  private var shownLines = 0

  init(names: [String]) { self.names = names }

  /// What replaces the frame shown before, on a terminal.
  func frame(_ steps: [StepRecord], head: String) -> String {
    let margin = names.map(\.count).max() ?? 0
    let width = max(10, min(80, Terminal.width - margin - 40))
    var lines = [head]
    for name in names {
      let values = steps.compactMap { $0.metrics[name] }.filter(\.isFinite)
      let label = Style.faint(name) + String(repeating: " ", count: margin - name.count)
      guard let last = values.last, let low = values.min(), let high = values.max() else {
        lines.append("\(label)  –")
        continue
      }
      let curve = Curve.sparkline(values, width: width)
      let padding = String(repeating: " ", count: max(0, width - curve.count))
      lines.append(
        "\(label)  \(Style.cyan(curve))\(padding)  \(Style.bold(number(last)))  "
          + Style.faint("\(number(low)) … \(number(high))"))
    }
    lines = Frame.fitting(lines, rows: Terminal.height)
    defer { shownLines = lines.count }
    return (shownLines > 0 ? "\u{1B}[\(shownLines)A" : "") + Frame.drawn(lines)
  }

  /// A step on one line, tab-separated, for pipes.
  func line(_ step: StepRecord) -> String {
    let values = names.map { name in "\(name)=\(step.metrics[name].map(number) ?? "")" }
    return (["\(step.step)"] + values).joined(separator: "\t") + "\n"
  }

  /// Four digits that count, whatever the size.
  private func number(_ value: Double) -> String {
    let size = abs(value)
    if size >= 100 { return Format.fixed(value, 1) }
    return Format.fixed(value, size >= 1 || size == 0 ? 3 : size >= 0.01 ? 4 : 7)
  }
}

import FoundationEssentials
import Inspection

/// Curves in one picture, as SVG: what a browser, a report or a README shows. Curves of one label are repetitions of one
/// thing: they share a colour and a line of the legend, and their mean is drawn over them.
struct LineChart {
  struct Curve {
    let label: String
    let points: [(x: Double, y: Double)]
  }

  let title: String
  let xLabel: String
  let yLabel: String
  private let groups: [Group]

  init(title: String, xLabel: String, yLabel: String, curves: [Curve]) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    var labels: [String] = []
    for curve in curves where !labels.contains(curve.label) { labels.append(curve.label) }
    groups = labels.map { label in Group(label: label, curves: curves.filter { $0.label == label }) }
  }

  private struct Group {
    let label: String
    let curves: [Curve]

    /// The mean of the curves where all have a point; a single curve is its own.
    var mean: [(x: Double, y: Double)] {
      guard curves.count > 1 else { return curves.first?.points ?? [] }
      let values = Dictionary(grouping: curves.flatMap(\.points), by: \.x).filter { $1.count == curves.count }
      return values.map { x, points in (x, points.reduce(0) { $0 + $1.y } / Double(points.count)) }.sorted {
        $0.0 < $1.0
      }
    }
  }

  // Colours that people with any colour vision tell apart (Okabe and Ito).
  private static let colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
  private static let dashes = ["", "6 3", "2 3"]
  private let width = 760.0
  private let plot = (left: 70.0, top: 40.0, right: 730.0, bottom: 380.0)

  /// The picture. Curves without a finite point are named in the legend only.
  var svg: String {
    let all = groups.flatMap(\.curves).flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
    let xScale = Axis(all.map(\.x))
    let yScale = Axis(all.map(\.y))
    let height = plot.bottom + 60 + Double((groups.count + 1) / 2) * 20
    var text = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.number(width)) \(Self.number(height))" \
      font-family="sans-serif" font-size="12">
      <rect width="100%" height="100%" fill="white"/>
      <text x="\(Self.number((plot.left + plot.right) / 2))" y="22" text-anchor="middle" font-size="15">\
      \(HTMLText.escaped(title))</text>

      """
    for tick in xScale.ticks {
      let x = plot.left + xScale.share(tick) * (plot.right - plot.left)
      text += Self.line(x, plot.top, x, plot.bottom, "#e5e5e5")
      text += Self.label(x, plot.bottom + 18, "middle", Axis.text(tick))
    }
    for tick in yScale.ticks {
      let y = plot.bottom - yScale.share(tick) * (plot.bottom - plot.top)
      text += Self.line(plot.left, y, plot.right, y, "#e5e5e5")
      text += Self.label(plot.left - 8, y + 4, "end", Axis.text(tick))
    }
    text += Self.label((plot.left + plot.right) / 2, plot.bottom + 38, "middle", xLabel)
    text +=
      "<text transform=\"translate(18 \(Self.number((plot.top + plot.bottom) / 2))) rotate(-90)\" "
      + "text-anchor=\"middle\">\(HTMLText.escaped(yLabel))</text>\n"
    for (index, group) in groups.enumerated() {
      if group.curves.count > 1 {
        for curve in group.curves {
          text += drawn(
            curve.points, Self.stroke(index, width: 1) + " stroke-opacity=\"0.35\"", xScale, yScale)
        }
      }
      let stroke = Self.stroke(index, width: group.curves.count > 1 ? 2.4 : 1.6)
      text += drawn(group.mean, stroke, xScale, yScale)
      let x = plot.left + Double(index % 2) * 330
      let y = plot.bottom + 60 + Double(index / 2) * 20
      text += "<line x1=\"\(Self.number(x))\" y1=\"\(Self.number(y - 4))\" x2=\"\(Self.number(x + 24))\" "
      text += "y2=\"\(Self.number(y - 4))\" \(stroke)/>\n"
      let name = group.curves.count > 1 ? "\(group.label) (mean of \(group.curves.count))" : group.label
      text += Self.label(x + 32, y, "start", name)
    }
    return text + "</svg>\n"
  }

  private func drawn(_ points: [(x: Double, y: Double)], _ stroke: String, _ xScale: Axis, _ yScale: Axis)
    -> String
  {
    let points = points.filter { $0.x.isFinite && $0.y.isFinite }.map { point in
      let x = plot.left + xScale.share(point.x) * (plot.right - plot.left)
      let y = plot.bottom - yScale.share(point.y) * (plot.bottom - plot.top)
      return "\(Self.number(x)),\(Self.number(y))"
    }
    return points.isEmpty
      ? "" : "<polyline points=\"\(points.joined(separator: " "))\" fill=\"none\" \(stroke)/>\n"
  }

  private static func stroke(_ index: Int, width: Double) -> String {
    let dash = dashes[index / colours.count % dashes.count]
    return "stroke=\"\(colours[index % colours.count])\" stroke-width=\"\(number(width))\""
      + (dash.isEmpty ? "" : " stroke-dasharray=\"\(dash)\"")
  }

  private static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ colour: String) -> String
  {
    "<line x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\" "
      + "stroke=\"\(colour)\"/>\n"
  }

  private static func label(_ x: Double, _ y: Double, _ anchor: String, _ text: String) -> String {
    "<text x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\">\(HTMLText.escaped(text))</text>\n"
  }

  private static func number(_ value: Double) -> String { Format.fixed(value, 1) }
}

/// A range with round numbers in it.
private struct Axis {
  private let low: Double
  private let high: Double
  let ticks: [Double]

  init(_ values: [Double]) {
    let least = values.min() ?? 0
    let most = values.max() ?? 1
    let span = most > least ? most - least : max(abs(most), 1)
    var step = 1.0
    while step * 6 < span { step *= 10 }
    while step > span / 6 { step /= 10 }
    // Now between 6 and 60 steps fit; take the roundest that leaves at most 8.
    for factor in [1.0, 2, 5, 10] where span / (step * factor) <= 8 {
      step *= factor
      break
    }
    low = (least / step).rounded(.down) * step
    let top = (most / step).rounded(.up) * step
    high = top > low ? top : low + step
    let count = Int(((high - low) / step).rounded())
    ticks = (0...max(1, min(count, 20))).map { [low] in low + Double($0) * step }
  }

  func share(_ value: Double) -> Double { (value - low) / (high - low) }

  static func text(_ value: Double) -> String {
    if value == value.rounded() && abs(value) < 1e9 { return String(Int(value)) }
    var text = Format.fixed(value, 6)
    while text.hasSuffix("0") { text.removeLast() }
    return text
  }
}

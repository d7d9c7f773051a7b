/// Columns `range` of x [n, d] → [n, range.count]
public func slicedColumns(_ x: Tensor, _ range: Range<Int>) -> Tensor {
  let (n, width, part) = (x.rows, x.columns, range.count)
  precondition(
    range.lowerBound >= 0 && range.upperBound <= width,
    "slicedColumns: columns \(range) of a tensor of shape \(x.shape)")
  let y = Tensor(uninitialized: [n, part], on: x.device)
  if let device = x.device {
    device.copyColumns(range, of: x, to: y)
  } else {
    copyColumns(range, of: x, to: y)
  }
  return y.recording([x]) { step in
    let g = step.gradient
    step.accumulateSparsely(0) { gradient in
      if let device = g.device { return device.addColumns(g, to: range, of: gradient) }
      for row in 0..<n {
        addRow(g.pointer + row * part, to: gradient.pointer + row * width + range.lowerBound, part)
      }
    }
  }
}

private func copyColumns(_ range: Range<Int>, of x: Tensor, to y: Tensor) {
  for row in 0..<x.rows {
    (y.pointer + row * range.count)
      .update(from: x.pointer + row * x.columns + range.lowerBound, count: range.count)
  }
}

/// x [n, d] cut into neighbouring groups of columns, whose widths add up to d.
public func splitColumns(_ x: Tensor, widths: [Int]) -> [Tensor] {
  precondition(
    widths.reduce(0, +) == x.columns, "splitColumns: widths \(widths) of a tensor of shape \(x.shape)")
  var start = 0
  return widths.map { width in
    defer { start += width }
    return slicedColumns(x, start..<start + width)
  }
}

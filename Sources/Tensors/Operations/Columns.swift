/// Columns `range` of x [n, d] → [n, range.count]
public func slicedColumns(_ x: Tensor, _ range: Range<Int>) -> Tensor {
  let (n, width, part) = (x.rows, x.columns, range.count)
  precondition(
    range.lowerBound >= 0 && range.upperBound <= width,
    "slicedColumns: columns \(range) of a tensor of shape \(x.shape)")
  let y = Tensor(uninitialized: [n, part])
  for row in 0..<n {
    (y.pointer + row * part).update(from: x.pointer + row * width + range.lowerBound, count: part)
  }
  return y.recording([x]) { step in
    let g = step.gradient
    step.accumulateSparsely(0) { gradient in
      for row in 0..<n {
        addRow(g.pointer + row * part, to: gradient + row * width + range.lowerBound, part)
      }
    }
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

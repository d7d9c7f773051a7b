internal import CKernels

/// Row ids[i] of the table [v, d], in any ``DType``, for each id → [ids.count, d]. Ids must be below v.
public func embedding(_ table: Tensor, ids: [Int]) -> Tensor {
  if table.dtype == .float32 { return gatherRows(table, ids) }
  let matrix = WeightMatrix(table)
  let y = Tensor(uninitialized: [ids.count, matrix.columns], on: table.device)
  for id in ids {
    precondition(id >= 0 && id < matrix.rows, "embedding: row \(id) of a table with \(matrix.rows) rows")
  }
  if let device = table.device {
    device.gather(table, ids, into: y)
  } else {
    for (i, id) in ids.enumerated() { matrix.expand(row: id, into: y.pointer + i * matrix.columns) }
  }
  return y.recording([table]) { step in
    let g = step.gradient
    step.accumulateSparsely(0) { gradient in
      addRows(of: g, to: gradient, at: ids)
    }
  }
}

/// Row indices[i] of x [n, d] for each index → [indices.count, d]. An index may occur several times; its
/// gradients add up in the order of the indices. Rows in bfloat16, on a GPU, become float32.
public func gatherRows(_ x: Tensor, _ indices: [Int]) -> Tensor {
  let (limit, width) = (x.rows, x.columns)
  let y = Tensor(uninitialized: [indices.count, width], on: x.device)
  for row in indices {
    precondition(row >= 0 && row < limit, "gatherRows: row \(row) of a tensor with \(limit) rows")
  }
  if let device = x.device {
    device.gather(x, indices, into: y)
  } else {
    for (i, row) in indices.enumerated() {
      (y.pointer + i * width).update(from: x.pointer + row * width, count: width)
    }
  }
  return y.recording([x]) { step in
    let (x, g) = (step.inputs[0], step.gradient)
    if x.dtype == .bfloat16, !x.isParameter, let device = x.device {
      // Summed up before they are rounded.
      let sums = Tensor.zeros(x.shape, on: device)
      addRows(of: g, to: sums, at: indices)
      return step.give(device.narrowed(sums), to: 0)
    }
    step.accumulateSparsely(0) { gradient in
      addRows(of: g, to: gradient, at: indices)
    }
  }
}

/// x [n, d] with row indices[i] replaced by row i of `rows` [indices.count, d]; the indices differ.
public func replacingRows(of x: Tensor, at indices: [Int], with rows: Tensor) -> Tensor {
  let (limit, width) = (x.rows, x.columns)
  precondition(
    rows.rows == indices.count && rows.columns == width,
    "replacingRows: \(indices.count) rows of \(width) columns cannot come from the shape \(rows.shape)")
  let y = x.copied()
  y.writeRows(rows, at: indices)
  precondition(Set(indices).count == indices.count, "replacingRows: an index occurs twice (of \(limit) rows)")
  return y.recording([x, rows]) { step in
    let g = step.gradient
    if step.needs(0) {
      let dx = g.copied()
      if let device = dx.device {
        device.clearRows(indices, of: dx)
      } else {
        for row in indices { (dx.pointer + row * width).update(repeating: 0, count: width) }
      }
      step.give(dx, to: 0)
    }
    if step.needs(1) {
      step.give(gatherRows(g, indices), to: 1)
    }
  }
}

/// The rows of all parts, one part below the other; the parts have equally many columns.
public func concatenatedRows(_ parts: [Tensor]) -> Tensor {
  let width = parts.first?.columns ?? 0
  precondition(
    parts.allSatisfy { $0.columns == width },
    "concatenatedRows: the shapes \(parts.map(\.shape)) have different numbers of columns")
  let y = Tensor(uninitialized: [parts.reduce(0) { $0 + $1.rows }, width], on: parts.first?.device)
  var start = 0
  for part in parts {
    y.writeRows(part, from: start)
    start += part.rows
  }
  return y.recording(parts) { step in
    var start = 0
    for (index, part) in step.inputs.enumerated() {
      let g = step.gradient
      step.share(Tensor(storage: g.storage, offset: g.offset + start, shape: part.shape), with: index)
      start += part.count
    }
  }
}

/// The elements of all parts in one row of numbers; any shapes.
public func concatenated(_ parts: [Tensor]) -> Tensor {
  concatenatedRows(parts.map { $0.reshaped([$0.count, 1]) }).reshaped([parts.reduce(0) { $0 + $1.count }])
}

/// Rows `range` of x [n, d] (or elements of x [n]), in the same memory.
public func slicedRows(_ x: Tensor, _ range: Range<Int>) -> Tensor {
  let width = x.shape.dropFirst().reduce(1, *)
  precondition(
    !x.shape.isEmpty && range.lowerBound >= 0 && range.upperBound <= x.shape[0],
    "slicedRows: rows \(range) of a tensor of shape \(x.shape)")
  let shape = [range.count] + x.shape.dropFirst()
  let y = Tensor(storage: x.storage, offset: x.offset + range.lowerBound * width, shape: shape)
  return y.recording([x]) { step in
    let g = step.gradient
    step.accumulateSparsely(0) { gradient in
      let part = Tensor(
        storage: gradient.storage, offset: gradient.offset + range.lowerBound * width, shape: g.shape)
      part.addInPlace(g)
    }
  }
}

extension Tensor {
  /// The same elements in the same memory under another shape.
  public func reshaped(_ shape: [Int]) -> Tensor {
    precondition(
      shape.reduce(1, *) == count && shape.allSatisfy { $0 >= 0 },
      "reshaped: \(self.shape) cannot become \(shape)")
    return detachedReshaped(shape).recording([self]) { step in
      step.share(step.gradient, with: 0)
    }
  }
}

/// target[rows[i]] += source[i], in the order of i.
private func addRows(of source: Tensor, to target: Tensor, at rows: [Int]) {
  if let device = source.device { return device.add(source, toRows: rows, of: target) }
  let width = source.columns
  for (i, row) in rows.enumerated() {
    addRow(source.pointer + i * width, to: target.pointer + row * width, width)
  }
}

func addRow(_ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, _ count: Int) {
  ck_axpy(1, source, target, count)
}

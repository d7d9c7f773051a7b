/// What is made of matrices that hold the outputs of several layers side by side.
extension CUDADevice {
  /// A bias of columns of a joined matrix: that of one layer, or a part of the only layer's.
  private struct BiasPart {
    let index: Int
    let tensor: Tensor
    let start: Int
  }

  private static func bias(_ biases: [Tensor?], of part: Int, from start: Int) -> BiasPart? {
    let index = biases.count == 1 ? 0 : part
    return biases[index].map { BiasPart(index: index, tensor: $0, start: biases.count == 1 ? start : 0) }
  }

  private static func argument(_ bias: BiasPart?) -> Argument {
    bias.map { .tensor($0.tensor, from: $0.start) } ?? .absent
  }

  // MARK: Attention's inputs

  func queryKeyValue(
    _ outputs: JoinedOutputs, _ cosines: Tensor, _ sines: Tensor, heads: Int, kvHeads: Int,
    keeping kept: KeptKeysAndValues?
  ) -> (query: Tensor, key: Tensor, value: Tensor) {
    let (n, width, biases) = (outputs.rows, cosines.columns, outputs.biases)
    precondition(
      outputs.columns == (heads + 2 * kvHeads) * width && cosines.shape == [n, width]
        && sines.shape == [n, width],
      "\(heads) and \(kvHeads) heads of \(width) from \(outputs.columns) columns")
    // The matrix, or what it is the sum of.
    let (kernel, source, joined): (String, [Argument], Tensor?)
    if kept != nil, let sum = self.parts(of: outputs) {
      (kernel, joined) = ("query_key_value_of_parts", nil)
      source = [.storage(sum.storage), .int(sum.count)]
    } else {
      let matrix = outputs.matrix()
      precondition(kept == nil || !matrix.requiresGradient, "no gradient passes through keys that are kept")
      (kernel, joined, source) = ("query_key_value" + matrix.suffix, matrix, [.tensor(matrix)])
    }
    let dtype = joined?.dtype ?? .bfloat16
    let starts = [0, heads * width, (heads + kvHeads) * width]
    let parts = starts.enumerated().map { Self.bias(biases, of: $0.offset, from: $0.element) }
    let query = Tensor(uninitialized: [n, heads * width], dtype: dtype, on: self)
    let own = kept == nil ? [n, kvHeads * width] : [0, kvHeads * width]
    let key = kept?.keys ?? Tensor(uninitialized: own, dtype: dtype, on: self)
    let value = kept?.values ?? Tensor(uninitialized: own, dtype: dtype, on: self)
    precondition(key.dtype == dtype && value.dtype == dtype, "keys in \(dtype) kept in \(key.dtype)")
    precondition(
      kept?.rows.allSatisfy { $0 >= 0 && $0 < key.rows && $0 < value.rows } ?? true,
      "keys kept outside of \(key.rows) rows")
    let places: Argument = kept.map { .numbers(indexList($0.rows)) } ?? .absent
    if let kept, let first = kept.rows.min() {
      for matrix in [key, value] { step?.writes.note(matrix, from: first) }
    }
    start(
      kernel, blocks: Self.blocks(for: (n * outputs.columns + 7) / 8),
      source + parts.map(Self.argument)
        + [.tensor(cosines), .tensor(sines), .tensor(query), .tensor(key), .tensor(value), places]
        + [.count(n), .int(heads), .int(kvHeads), .int(width)])
    guard kept == nil, let joined else { return (query, key, value) }
    let angles = (cosines: cosines.detached(), sines: sines.detached())
    func recorded(_ tensor: Tensor, _ part: Int, heads: Int) -> Tensor {
      let start = starts[part]
      return tensor.recording([joined] + (parts[part].map { [$0.tensor] } ?? [])) { [self] step in
        passBack(step, columns: start..<start + heads * width, parts[part]) { g, slope in
          if part < 2 {
            rotaryBackward(g, angles.cosines, angles.sines, heads: heads, into: slope, from: start)
          } else {
            writeColumns(g, into: slope, from: start)
          }
        }
      }
    }
    return (
      recorded(query, 0, heads: heads), recorded(key, 1, heads: kvHeads), recorded(value, 2, heads: kvHeads)
    )
  }

  /// The gradients of columns of a joined matrix, input 0, which nobody else gives, and of their bias, input 1.
  private func passBack(
    _ step: BackwardStep, columns: Range<Int>, _ bias: BiasPart?, _ write: (Tensor, Tensor) -> Void
  ) {
    guard step.needs(0) else { return }
    step.accumulateSparsely(0) { write(step.gradient, $0) }
    guard let bias, let slope = step.inputs[0].gradient else { return }
    step.accumulateSparsely(1) { addColumnSums(of: slope, columns, to: $0, from: bias.start) }
  }

  private func writeColumns(_ x: Tensor, into y: Tensor, from start: Int) {
    launch(
      "copy_columns" + x.suffix, blocks: x.rows, .tensor(x), .tensor(y, from: start), .int(x.columns),
      .int(y.columns), .int(x.columns))
  }

  // MARK: SwiGLU

  /// Of two matrices, or of the two halves of one.
  private func gated(
    _ kernel: String, _ gate: Tensor, _ upFrom: (tensor: Tensor, start: Int), _ biases: [Argument],
    _ others: [Argument], rows: Int, width: Int
  ) {
    start(
      kernel + gate.suffix, blocks: Self.blocks(for: (rows * width + 3) / 4),
      [.tensor(gate), .tensor(upFrom.tensor, from: upFrom.start)] + biases + others
        + [.count(rows), .int(width), .int(gate.columns)])
  }

  func swiGLU(gate: Tensor, up: Tensor) -> Tensor {
    let y = Tensor(uninitialized: gate.shape, dtype: gate.dtype, on: self)
    let (rows, width) = (gate.rows, gate.columns)
    gated("swiglu", gate, (up, 0), [.absent, .absent], [.tensor(y)], rows: rows, width: width)
    return y.recording([gate, up]) { [self] step in
      let (gate, up) = (step.inputs[0], step.inputs[1])
      func slope(_ index: Int) -> Tensor? {
        step.needs(index) ? Tensor(uninitialized: gate.shape, dtype: gate.dtype, on: self) : nil
      }
      let (dGate, dUp) = (slope(0), slope(1))
      gated(
        "swiglu_backward", gate, (up, 0), [.absent, .absent],
        [.tensor(step.gradient), .tensor(dGate), .tensor(dUp)], rows: rows, width: width)
      if let dGate { step.give(dGate, to: 0) }
      if let dUp { step.give(dUp, to: 1) }
    }
  }

  func swiGLU(_ outputs: JoinedOutputs) -> Tensor {
    if let y = thinSwiGLU(outputs) { return y }
    let (joined, biases) = (outputs.matrix(), outputs.biases)
    let (rows, width) = (joined.rows, joined.columns / 2)
    let y = Tensor(uninitialized: [rows, width], dtype: joined.dtype, on: self)
    let parts = [0, 1].map { Self.bias(biases, of: $0, from: $0 * width) }
    let arguments = parts.map(Self.argument)
    gated("swiglu", joined, (joined, width), arguments, [.tensor(y)], rows: rows, width: width)
    let recorded = biases.compactMap { $0 }
    return y.recording([joined] + recorded) { [self] step in
      let joined = step.inputs[0]
      guard step.needs(0) else { return }
      let slope = Tensor(uninitialized: joined.shape, dtype: joined.dtype, on: self)
      gated(
        "swiglu_backward", joined, (joined, width), arguments,
        [.tensor(step.gradient), .tensor(slope), .tensor(slope, from: width)], rows: rows, width: width)
      step.give(slope, to: 0)
      var input = 1
      for (part, bias) in parts.enumerated() {
        guard let bias else { continue }
        step.accumulateSparsely(input) {
          addColumnSums(of: slope, part * width..<(part + 1) * width, to: $0, from: bias.start)
        }
        if recorded.count > 1 { input += 1 }
      }
    }
  }
}

/// Log-probabilities of tokens; the logits of long texts exist a block of rows at a time.
extension CUDADevice {
  /// Elements of a block of logits, a quarter of a gigabyte.
  package static let logitBudget = 1 << 26

  func tokenLogProbabilities(_ logits: Tensor, _ targets: [Int32]) -> Tensor {
    let n = logits.rows
    let wanted = stored(targets)
    let (y, sums) = (Tensor(uninitialized: [n], on: self), Tensor(uninitialized: [n], on: self))
    logSoftmax(logits, wanted, sums, y, from: 0)
    return y.recording([logits]) { [self] step in
      let logits = step.inputs[0]
      let d = Tensor(uninitialized: logits.shape, on: self)
      logSoftmaxSlope(logits, sums, wanted, step.gradient, from: 0, into: d)
      step.give(d, to: 0)
    }
  }

  func headLogProbabilities(_ hidden: Tensor, head: Tensor, _ targets: [Int32]) -> Tensor {
    let n = hidden.rows
    let wanted = stored(targets)
    let (y, sums) = (Tensor(uninitialized: [n], on: self), Tensor(uninitialized: [n], on: self))
    forEachBlockOfLogits(hidden, head) { start, rows, logits in
      logSoftmax(logits, wanted, sums, y, from: start)
    }
    return y.recording([hidden, head]) { [self] step in
      let (hidden, head, g) = (step.inputs[0], step.inputs[1], step.gradient)
      let (d, v, isNarrow) = (hidden.columns, head.rows, head.dtype == .bfloat16)
      let dHidden = step.needs(0) ? Tensor(uninitialized: hidden.shape, on: self) : nil
      let table = operand(head, narrow: false)
      var isFirst = true
      forEachBlockOfLogits(hidden, head) { start, rows, logits in
        logSoftmaxSlope(logits, sums, wanted, g, from: start, into: logits)
        let slope = operand(logits, narrow: isNarrow)
        if let dHidden {  // dhidden = dlogits · head
          multiply(
            DeviceProduct(m: rows, n: d, k: v), slope, table, into: dHidden, from: start * d)
        }
        step.accumulate(1) { gradient, beta in  // dhead += dlogitsᵀ · hidden
          let part = Tensor(storage: hidden.storage, offset: hidden.offset + start * d, shape: [rows, d])
          multiply(
            DeviceProduct(m: v, n: d, k: rows, transposeA: true, beta: isFirst ? beta : 1), slope,
            operand(part, narrow: isNarrow), into: gradient)
        }
        isFirst = false
      }
      if let dHidden { step.give(dHidden, to: 0) }
    }
  }

  private func forEachBlockOfLogits(_ hidden: Tensor, _ head: Tensor, _ body: (Int, Int, Tensor) -> Void) {
    let (n, d, v) = (hidden.rows, hidden.columns, head.rows)
    let size = max(1, min(n, Self.logitBudget / max(v, 1)))
    for start in stride(from: 0, to: n, by: size) {
      let rows = min(size, n - start)
      let part = Tensor(storage: hidden.storage, offset: hidden.offset + start * d, shape: [rows, d])
      let logits = Tensor(uninitialized: [rows, v], on: self)
      linear(part, [(head, nil)], into: [logits])
      body(start, rows, logits)
    }
  }

  /// The rows of the logits are those of the others from `start` on.
  private func logSoftmax(_ logits: Tensor, _ targets: Storage, _ sums: Tensor, _ y: Tensor, from start: Int)
  {
    launch(
      "log_sum_exp_rows", blocks: logits.rows, threads: 1024, .tensor(logits), .tensor(sums, from: start),
      .int(logits.columns))
    forEach(
      logits.rows, "target_log_probabilities", .tensor(logits), .tensor(sums, from: start),
      .memory(targets, 4 * start), .tensor(y, from: start), .count(logits.rows), .int(logits.columns))
  }

  private func logSoftmaxSlope(
    _ logits: Tensor, _ sums: Tensor, _ targets: Storage, _ g: Tensor, from start: Int, into d: Tensor
  ) {
    launch(
      "log_softmax_backward", blocks: logits.rows, threads: 1024, .tensor(logits), .tensor(sums, from: start),
      .memory(targets, 4 * start), .tensor(g, from: start), .tensor(d), .int(logits.columns))
  }
}

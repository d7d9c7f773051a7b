internal import CKernels

/// log softmax(logits[i])[targets[i]] for each row of logits [n, v] → [n]
public func tokenLogProbabilities(_ logits: Tensor, targets: [Int]) -> Tensor {
  let (n, v) = (logits.rows, logits.columns)
  let wanted = checkedTargets(targets, rows: n, vocabulary: v)
  if let device = logits.device { return device.tokenLogProbabilities(logits, wanted) }
  let y = Tensor(uninitialized: [n])
  let logSums = Tensor(uninitialized: [n])
  Parallel.ranges(of: n, cost: 8 * v) { rows in
    let start = rows.lowerBound
    ck_log_sum_exp_rows(logits.pointer + start * v, rows.count, v, logSums.pointer + start)
  }
  for i in 0..<n { y.pointer[i] = logits.pointer[i * v + targets[i]] - logSums.pointer[i] }
  return y.recording([logits]) { step in
    let (logits, g) = (step.inputs[0], step.gradient)
    let d = Tensor(uninitialized: logits.shape)
    Parallel.ranges(of: n, cost: 8 * v) { rows in
      let start = rows.lowerBound
      wanted.withUnsafeBufferPointer { wanted in
        guard let base = wanted.baseAddress else { return }
        ck_log_softmax_backward(
          logits.pointer + start * v, logSums.pointer + start, base + start, g.pointer + start,
          d.pointer + start * v, rows.count, v)
      }
    }
    step.give(d, to: 0)
  }
}

/// `tokenLogProbabilities(linear(hidden, weight: head), targets)` for hidden [n, d] and head [v, d] in any
/// ``DType`` → [n],
/// without ever keeping the logits of more than a block of rows: they are computed again for the gradient.
public func headLogProbabilities(_ hidden: Tensor, head: Tensor, targets: [Int]) -> Tensor {
  let (n, d, v) = (hidden.rows, hidden.columns, head.rows)
  precondition(
    head.columns == d, "headLogProbabilities: hidden \(hidden.shape) does not match head \(head.shape)")
  let wanted = checkedTargets(targets, rows: n, vocabulary: v)
  if let device = hidden.device { return device.headLogProbabilities(hidden, head: head, wanted) }
  let y = Tensor(uninitialized: [n])
  let logSums = Tensor(uninitialized: [n])
  forEachBlockOfLogits(hidden, head) { start, rows, logits in
    Parallel.ranges(of: rows, cost: 8 * v) { part in
      let first = part.lowerBound
      ck_log_sum_exp_rows(logits + first * v, part.count, v, logSums.pointer + start + first)
    }
    for i in 0..<rows {
      y.pointer[start + i] = logits[i * v + targets[start + i]] - logSums.pointer[start + i]
    }
  }
  return y.recording([hidden, head]) { step in
    let (hidden, head, g) = (step.inputs[0], step.inputs[1], step.gradient)
    let dHidden = step.needs(0) ? Tensor(uninitialized: hidden.shape) : nil
    var isFirst = true
    forEachBlockOfLogits(hidden, head) { start, rows, logits in
      Parallel.ranges(of: rows, cost: 8 * v) { part in
        let first = part.lowerBound
        wanted.withUnsafeBufferPointer { wanted in
          guard let base = wanted.baseAddress else { return }
          ck_log_softmax_backward(
            logits + first * v, logSums.pointer + start + first, base + start + first,
            g.pointer + start + first, logits + first * v, part.count, v)
        }
      }
      if let dHidden {  // dhidden = dlogits · head
        WeightMatrix(head).multiplyTransposed(
          logits, rows: rows, into: dHidden.pointer + start * d, accumulate: false)
      }
      step.accumulate(1) { gradient, beta in  // dhead += dlogitsᵀ · hidden
        MatrixProduct(m: v, n: d, k: rows, transposeA: true, beta: isFirst ? beta : 1)
          .onAllThreads(logits, v, hidden.pointer + start * d, d, gradient.pointer, d)
      }
      isFirst = false
    }
    if let dHidden { step.give(dHidden, to: 0) }
  }
}

/// Calls `body` with the first row, the number of rows and the logits of each block, in order.
private func forEachBlockOfLogits(
  _ hidden: Tensor, _ head: Tensor, _ body: (Int, Int, UnsafeMutablePointer<Float>) -> Void
) {
  let (n, d, v) = (hidden.rows, hidden.columns, head.rows)
  let size = min(n, max(64, min(1024, (1 << 21) / max(v, 1))))
  let logits = Storage(count: size * v)
  var start = 0
  while start < n {
    let rows = min(size, n - start)
    WeightMatrix(head).multiply(
      hidden.pointer + start * d, rows: rows, into: logits.pointer, accumulate: false)
    body(start, rows, logits.pointer)
    start += rows
  }
}

private func checkedTargets(_ targets: [Int], rows: Int, vocabulary: Int) -> [Int32] {
  precondition(targets.count == rows, "\(targets.count) targets for \(rows) rows of logits")
  return targets.map { target in
    precondition(
      target >= 0 && target < vocabulary, "target \(target) of a vocabulary of \(vocabulary) tokens")
    return Int32(target)
  }
}

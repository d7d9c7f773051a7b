/// Scaled dot-product attention by a segment layout, with grouped queries.
///
/// - Parameters:
///   - q: [nq, heads · d], one row per query of the layout.
///   - k, v: [nk, kvHeads · d] with nk at least the layout's key count: a cache may be longer than what is
///     seen of it. Query head h uses key head h / (heads / kvHeads).
///   - scale: multiplies the scores; 1/√d where nothing else is said.
///   - precision: in which a GPU takes what it multiplies, bfloat16 or float32; the processor always takes float32.
/// - Returns: [nq, heads · d]
public func attention(
  _ q: Tensor, _ k: Tensor, _ v: Tensor, heads: Int, kvHeads: Int, scale: Float, layout: SegmentLayout,
  precision: DType = .float32
) -> Tensor {
  precondition(
    heads > 0 && kvHeads > 0 && heads % kvHeads == 0 && q.columns % heads == 0,
    "attention: \(q.columns) columns in \(heads) heads with \(kvHeads) key heads")
  let headDim = q.columns / heads
  precondition(
    k.shape == v.shape && k.columns == kvHeads * headDim,
    "attention: keys \(k.shape) and values \(v.shape) must be [nk, \(kvHeads * headDim)]")
  precondition(
    q.rows == layout.queryCount && k.rows >= layout.keyCount,
    "attention: a layout of \(layout.queryCount) queries and \(layout.keyCount) keys for \(q.rows) and "
      + "\(k.rows) rows")

  if let device = q.device {
    return device.attention(
      q, k, v, shape: AttentionShape(heads: heads, kvHeads: kvHeads, width: headDim), scale: scale,
      layout: layout, precision: precision)
  }
  let plan = AttentionPlan(layout, group: heads / kvHeads)
  func kernel(_ q: Tensor, _ k: Tensor, _ v: Tensor) -> AttentionKernel {
    AttentionKernel(
      plan: plan, q: q.pointer, k: k.pointer, v: v.pointer, heads: heads, kvHeads: kvHeads, headDim: headDim,
      scale: scale, queryCount: layout.queryCount)
  }

  let out = Tensor(uninitialized: q.shape)
  let logSums = Tensor(uninitialized: [kvHeads, q.rows, heads / kvHeads])
  kernel(q, k, v).forward(out.pointer, logSums.pointer)

  return out.recording([q, k, v]) { [saved = out.detached()] step in
    let (q, k, v) = (step.inputs[0], step.inputs[1], step.inputs[2])
    let dq = Tensor(uninitialized: q.shape)
    let (dk, dv) = (Tensor.zeros(k.shape), Tensor.zeros(v.shape))
    kernel(q, k, v).backward(
      step.gradient.pointer, out: saved.pointer, logSums: logSums.pointer, dq: dq.pointer, dk: dk.pointer,
      dv: dv.pointer, keyCount: k.rows)
    step.give(dq, to: 0)
    step.give(dk, to: 1)
    step.give(dv, to: 2)
  }
}

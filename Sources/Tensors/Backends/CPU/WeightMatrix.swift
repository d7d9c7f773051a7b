internal import CKernels
internal import Synchronization

/// A weight `[out, in]` in whichever form it is kept, and the two products a layer needs of it.
struct WeightMatrix {
  private let weight: Tensor
  let rows: Int
  let columns: Int

  /// What multiplies bfloat16 itself on this processor.
  private static let packing = [CK_PACKING_TILES, CK_PACKING_VECTORS].first(where: ck_has_packing)
  /// Up to this many rows of x the weights are read as they are, in one pass; above, both are packed.
  private static func fewRows(_ weight: WeightMatrix) -> Int {
    guard packing == CK_PACKING_TILES else { return 24 }
    // What a matrix unit cannot read as it is, it is packed for rather than multiplied by vectors.
    return weight.dtype == .bfloat16 && !weight.columns.isMultiple(of: 32) ? 6 : 32
  }
  /// The float32 elements of a panel: about half of a core's share of the caches.
  static let panelSize = 1 << 19

  init(_ weight: Tensor) {
    self.weight = weight
    rows = weight.shape[0]
    columns = weight.shape.dropFirst().reduce(1, *)
  }

  private var dtype: DType { weight.dtype }
  private var start: UnsafeRawPointer {
    UnsafeRawPointer(weight.storage.base) + weight.offset * MemoryLayout<Float>.stride
  }

  /// Writes one row as float32.
  func expand(row: Int, into target: UnsafeMutablePointer<Float>) {
    ck_expand_weights(start, dtype.format, columns, row, 0, columns, target)
  }

  // MARK: Forwards

  /// Where a product goes.
  struct Output {
    let weight: WeightMatrix
    /// [n, out]
    let y: UnsafeMutablePointer<Float>
    /// Add to what is there.
    let accumulate: Bool
  }

  /// y [n, out] = x [n, in] · wᵀ, or that added to y.
  func multiply(
    _ x: UnsafePointer<Float>, rows n: Int, into y: UnsafeMutablePointer<Float>, accumulate: Bool
  ) {
    Self.multiply(x, rows: n, into: [Output(weight: self, y: y, accumulate: accumulate)])
  }

  /// The products of the same x with several weights: x is made ready once, and the threads meet once.
  /// - Precondition: the weights have equally many columns.
  static func multiply(_ x: UnsafePointer<Float>, rows n: Int, into outputs: [Output]) {
    guard n > 0, let first = outputs.first?.weight else { return }
    guard outputs.allSatisfy({ $0.weight.dtype == first.dtype }) else {
      for output in outputs { multiply(x, rows: n, into: [output]) }
      return
    }
    if n <= fewRows(first) {
      multiplyFew(x, n, outputs, first.dtype, first.columns)
    } else if first.dtype == .float32 {
      for output in outputs {
        let (w, accumulate) = (output.weight, output.accumulate)
        MatrixProduct(m: n, n: w.rows, k: w.columns, transposeB: true, beta: accumulate ? 1 : 0)
          .onAllThreads(x, w.columns, w.weight.pointer, w.columns, output.y, w.rows)
      }
    } else if let packing {
      multiplyPacked(x, n, outputs, first.columns, packing)
    } else {
      multiplyExpanded(x, n, outputs, first.dtype, first.columns)
    }
  }

  private static func multiplyFew(
    _ x: UnsafePointer<Float>, _ n: Int, _ outputs: [Output], _ dtype: DType, _ columns: Int
  ) {
    let format = dtype.format
    var operand = UnsafeRawPointer(x)
    let made = Storage(bytes: dtype == .float32 ? 0 : n * ck_operand_row_bytes(format, columns))
    if dtype != .float32 {
      ck_make_operand(x, columns, n, format, columns, made.base)
      operand = UnsafeRawPointer(made.base)
    }
    forEachShare(of: outputs, n: n, multipleOf: 16) { shares in
      while let (output, share) = shares() {
        var operands = output.weight.operands(operand, n, by: share, into: output)
        ck_weight_product(&operands)
      }
    }
  }

  private static func multiplyPacked(
    _ x: UnsafePointer<Float>, _ n: Int, _ outputs: [Output], _ columns: Int, _ packing: ck_packing
  ) {
    let packed = Storage(bytes: ck_packed_rows_bytes(packing, n, columns))
    let parts = n * columns < Parallel.worthwhile ? 1 : ComputeThreads.current
    Parallel.forEach(parts) { ck_pack_rows(packing, x, columns, n, columns, packed.base, $0, parts) }
    forEachShare(of: outputs, n: n, multipleOf: 128) { shares in
      let scratch = Storage(bytes: ck_packed_product_scratch_bytes())
      while let (output, share) = shares() {
        var operands = output.weight.operands(UnsafeRawPointer(packed.base), n, by: share, into: output)
        ck_packed_product(packing, &operands, scratch.base)
      }
    }
  }

  private func operands(
    _ x: UnsafeRawPointer, _ n: Int, by share: Range<Int>, into output: Output
  ) -> ck_weight_operands {
    ck_weight_operands(
      x: x, w: start, format: dtype.format, columns: columns, first: share.lowerBound,
      y: output.y + share.lowerBound, ldy: rows, m: n, n: share.count, accumulate: output.accumulate)
  }

  /// By BLAS, a panel of weights in float32 at a time; x is rounded as elsewhere.
  private static func multiplyExpanded(
    _ x: UnsafePointer<Float>, _ n: Int, _ outputs: [Output], _ dtype: DType, _ columns: Int
  ) {
    var source = x
    let rounded = Storage(count: dtype == .bfloat16 ? n * columns : 0)
    if dtype == .bfloat16 {
      rounded.pointer.update(from: x, count: n * columns)
      ck_round_to_bf16(rounded.pointer, n * columns)
      source = UnsafePointer(rounded.pointer)
    }
    forEachShare(of: outputs, n: n, multipleOf: dtype.panelRows) { shares in
      while let (output, share) = shares() {
        output.weight.multiplyExpanded(source, n, by: share, into: output)
      }
    }
  }

  private func multiplyExpanded(
    _ x: UnsafePointer<Float>, _ n: Int, by share: Range<Int>, into output: Output
  ) {
    let height = min(share.count, max(16, Self.panelSize / max(columns, 1)))
    let panel = Storage(count: height * columns)
    for first in stride(from: share.lowerBound, to: share.upperBound, by: height) {
      let count = min(height, share.upperBound - first)
      for row in 0..<count { expand(row: first + row, into: panel.pointer + row * columns) }
      MatrixProduct(m: n, n: count, k: columns, transposeB: true, beta: output.accumulate ? 1 : 0)(
        x, columns, panel.pointer, columns, output.y + first, rows)
    }
  }

  /// Cuts the columns of all outputs into shares and lends them to the threads; `body` runs once a thread and
  /// draws shares until there are none left. A thread that is held up takes fewer.
  private static func forEachShare(
    of outputs: [Output], n: Int, multipleOf unit: Int, _ body: (() -> (Output, Range<Int>)?) -> Void
  ) {
    let work = outputs.reduce(0) { $0 + n * $1.weight.rows * $1.weight.columns }
    // A multiply-add of a product costs a fraction of an element operation elsewhere.
    let threads = work < 8 * Parallel.worthwhile ? 1 : ComputeThreads.current
    var shares: [(output: Int, rows: Range<Int>)] = []
    let even = outputs.reduce(0) { $0 + $1.weight.rows } / (threads == 1 ? 1 : 4 * threads)
    let size = threads == 1 ? Int.max : max(unit, (even + unit - 1) / unit * unit)
    for (index, output) in outputs.enumerated() {
      var start = 0
      while start < output.weight.rows {
        let end = size < output.weight.rows - start ? start + size : output.weight.rows
        shares.append((index, start..<end))
        start = end
      }
    }
    let next = Atomic<Int>(0)
    Parallel.forEach(min(threads, shares.count), threads: threads) { _ in
      body {
        let item = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return item < shares.count ? (outputs[shares[item].output], shares[item].rows) : nil
      }
    }
  }

  // MARK: Backwards

  /// dx [n, in] = g [n, out] · w, or that added to dx.
  func multiplyTransposed(
    _ g: UnsafePointer<Float>, rows n: Int, into dx: UnsafeMutablePointer<Float>, accumulate: Bool
  ) {
    if n == 0 { return }
    if dtype == .float32 {
      MatrixProduct(m: n, n: columns, k: rows, beta: accumulate ? 1 : 0)
        .onAllThreads(g, rows, weight.pointer, columns, dx, columns)
      return
    }
    let threads = n * rows * columns < 8 * Parallel.worthwhile ? 1 : ComputeThreads.current
    let width = ((columns + threads - 1) / threads + 15) / 16 * 16
    Parallel.forEach((columns + width - 1) / width, threads: threads) { part in
      let share = part * width..<min(columns, (part + 1) * width)
      let height = min(rows, max(16, Self.panelSize / share.count))
      let panel = Storage(count: height * share.count)
      for first in stride(from: 0, to: rows, by: height) {
        let count = min(height, rows - first)
        for row in 0..<count {
          ck_expand_weights(
            start, dtype.format, columns, first + row, share.lowerBound, share.count,
            panel.pointer + row * share.count)
        }
        MatrixProduct(m: n, n: share.count, k: count, beta: accumulate || first > 0 ? 1 : 0)(
          g + first, rows, panel.pointer, share.count, dx + share.lowerBound, columns)
      }
    }
  }
}

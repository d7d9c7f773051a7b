internal import CKernels

/// A weight `[out, in]` in whichever form it is kept, and the two products a layer needs of it.
struct WeightMatrix {
  private let weight: Tensor
  let rows: Int
  let columns: Int

  /// Up to this many rows of x the weights are read as they are, in one pass; above, BLAS multiplies with
  /// panels of them in float32.
  static let fewRows = 32
  /// The float32 elements of a panel: about half of a core's share of the caches.
  static let panelSize = 1 << 19

  init(_ weight: Tensor) {
    self.weight = weight
    rows = weight.shape[0]
    columns = weight.shape.dropFirst().reduce(1, *)
  }

  private var format: ck_weight_format { weight.dtype.format }
  private var rowBytes: Int { weight.dtype.rowBytes(columns: columns) }

  private func start(ofRow row: Int) -> UnsafeRawPointer {
    UnsafeRawPointer(weight.storage.base) + weight.offset * MemoryLayout<Float>.stride + row * rowBytes
  }

  /// Writes one row as float32.
  func expand(row: Int, into target: UnsafeMutablePointer<Float>) {
    ck_expand_weights(start(ofRow: row), format, columns, 0, columns, target)
  }

  /// y [n, out] = x [n, in] · wᵀ, or that added to y.
  func multiply(
    _ x: UnsafePointer<Float>, rows n: Int, into y: UnsafeMutablePointer<Float>, accumulate: Bool
  ) {
    if n == 0 { return }
    if n > Self.fewRows && weight.dtype == .float32 {
      MatrixProduct(m: n, n: rows, k: columns, transposeB: true, beta: accumulate ? 1 : 0)
        .onAllThreads(x, columns, weight.pointer, columns, y, rows)
      return
    }
    forEachShare(of: rows, n: n) { share in
      if n <= Self.fewRows {
        ck_weight_product(
          x, columns, start(ofRow: share.lowerBound), format, columns, y + share.lowerBound, rows, n,
          share.count, accumulate)
      } else {
        multiply(x, n, by: share, into: y, accumulate)
      }
    }
  }

  /// The columns `share` of y by BLAS, a panel of weights at a time.
  private func multiply(
    _ x: UnsafePointer<Float>, _ n: Int, by share: Range<Int>, into y: UnsafeMutablePointer<Float>,
    _ accumulate: Bool
  ) {
    let height = min(share.count, max(16, Self.panelSize / max(columns, 1)))
    let panel = Storage(count: height * columns)
    for first in stride(from: share.lowerBound, to: share.upperBound, by: height) {
      let count = min(height, share.upperBound - first)
      for row in 0..<count { expand(row: first + row, into: panel.pointer + row * columns) }
      MatrixProduct(m: n, n: count, k: columns, transposeB: true, beta: accumulate ? 1 : 0)(
        x, columns, panel.pointer, columns, y + first, rows)
    }
  }

  /// dx [n, in] = g [n, out] · w, or that added to dx.
  func multiplyTransposed(
    _ g: UnsafePointer<Float>, rows n: Int, into dx: UnsafeMutablePointer<Float>, accumulate: Bool
  ) {
    if n == 0 { return }
    if weight.dtype == .float32 {
      MatrixProduct(m: n, n: columns, k: rows, beta: accumulate ? 1 : 0)
        .onAllThreads(g, rows, weight.pointer, columns, dx, columns)
      return
    }
    forEachShare(of: columns, n: n) { share in
      let height = min(rows, max(16, Self.panelSize / share.count))
      let panel = Storage(count: height * share.count)
      for first in stride(from: 0, to: rows, by: height) {
        let count = min(height, rows - first)
        for row in 0..<count {
          ck_expand_weights(
            start(ofRow: first + row), format, columns, share.lowerBound, share.count,
            panel.pointer + row * share.count)
        }
        MatrixProduct(m: n, n: share.count, k: count, beta: accumulate || first > 0 ? 1 : 0)(
          g + first, rows, panel.pointer, share.count, dx + share.lowerBound, columns)
      }
    }
  }

  /// Cuts rows or columns of the weights into one share per thread where the product is worth it.
  private func forEachShare(of length: Int, n: Int, _ body: (Range<Int>) -> Void) {
    let threads = ComputeThreads.current
    if length == 0 { return }
    // A multiply-add of a product costs a fraction of an element operation elsewhere.
    if threads == 1 || n * rows * columns < 8 * Parallel.worthwhile {
      body(0..<length)
      return
    }
    let even = (length + threads - 1) / threads
    let size = (even + 15) / 16 * 16
    Parallel.forEach((length + size - 1) / size, threads: threads) { part in
      body(part * size..<min(length, (part + 1) * size))
    }
  }
}

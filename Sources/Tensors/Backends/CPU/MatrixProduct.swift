internal import CKernels
internal import COpenBLAS

/// c = alpha * op(a) op(b) + beta * c on row-major memory, where op may transpose.
///
/// Our own kernels where the processor has AVX-512, which are as fast as OpenBLAS at its best there and do not
/// depend on whether it knows the processor; OpenBLAS elsewhere.
struct MatrixProduct {
  /// c is `[m, n]`; k is the summed dimension.
  let m: Int, n: Int, k: Int
  var transposeA = false
  var transposeB = false
  var alpha: Float = 1
  var beta: Float = 0

  /// Up to this many rows, packing b costs more than BLAS gains.
  static let thin = 8

  /// On the calling thread alone. `lda`, `ldb`, `ldc` are the row strides as stored.
  func callAsFunction(
    _ a: UnsafePointer<Float>, _ lda: Int, _ b: UnsafePointer<Float>, _ ldb: Int,
    _ c: UnsafeMutablePointer<Float>, _ ldc: Int
  ) {
    if m == 0 || n == 0 { return }
    if m <= Self.thin && !transposeA {
      if transposeB {
        ck_thin_product_transposed(a, lda, b, ldb, c, ldc, m, n, k, alpha, beta)
      } else {
        ck_thin_product(a, lda, b, ldb, c, ldc, m, n, k, alpha, beta)
      }
      return
    }
    if ck_has_sgemm() {
      var operands = ck_sgemm_operands(
        a: a, lda: lda, b: b, ldb: ldb, c: c, ldc: ldc, m: m, n: n, k: k, transpose_a: transposeA,
        transpose_b: transposeB, alpha: alpha, beta: beta)
      let scratch = Storage(bytes: ck_sgemm_scratch_bytes(m, n, k))
      ck_sgemm(&operands, scratch.base)
      return
    }
    ComputeThreads.blasIsReady
    cblas_sgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      blasint(m), blasint(n), blasint(k), alpha, a, blasint(lda), b, blasint(ldb), beta, c, blasint(ldc))
  }

  /// Split over the threads by rows or columns of c, whichever are more.
  func onAllThreads(
    _ a: UnsafePointer<Float>, _ lda: Int, _ b: UnsafePointer<Float>, _ ldb: Int,
    _ c: UnsafeMutablePointer<Float>, _ ldc: Int
  ) {
    let threads = ComputeThreads.current
    // A multiply-add of a product costs a fraction of an element operation elsewhere.
    if threads == 1 || m * n * k < 8 * Parallel.worthwhile {
      self(a, lda, b, ldb, c, ldc)
      return
    }
    let byRows = m >= n
    let length = byRows ? m : n
    let even = (length + threads - 1) / threads
    let size = (even + 15) / 16 * 16
    let parts = (length + size - 1) / size
    Parallel.forEach(parts, threads: threads) { part in
      let start = part * size
      let extent = min(size, length - start)
      if byRows {
        let slice = MatrixProduct(
          m: extent, n: n, k: k, transposeA: transposeA, transposeB: transposeB, alpha: alpha, beta: beta)
        slice(a + (transposeA ? start : start * lda), lda, b, ldb, c + start * ldc, ldc)
      } else {
        let slice = MatrixProduct(
          m: m, n: extent, k: k, transposeA: transposeA, transposeB: transposeB, alpha: alpha, beta: beta)
        slice(a, lda, b + (transposeB ? start * ldb : start), ldb, c + start, ldc)
      }
    }
  }
}

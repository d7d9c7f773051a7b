import CKernels
import Testing

@Suite struct MatrixProductTests {
  @Test(
    "a product is that of plain sums, for every edge of its tiles and blocks and every transposition",
    .enabled(if: ck_has_sgemm()), arguments: [(false, false), (false, true), (true, false), (true, true)])
  func sgemm(transposeA: Bool, transposeB: Bool) {
    var n = Numbers(71)
    for (rows, columns, depth) in [
      (1, 1, 1), (14, 32, 16), (15, 33, 17), (9, 16, 3), (230, 130, 40), (30, 70, 1030), (5, 5, 0),
    ] {
      // Row strides beyond the rows' ends.
      let (lda, ldb, ldc) = (
        (transposeA ? rows : depth) + 3, (transposeB ? depth : columns) + 1, columns + 2
      )
      let a = n.array((transposeA ? depth : rows) * lda + 1)
      let b = n.array((transposeB ? columns : depth) * ldb + 1)
      let before = n.array(rows * ldc)
      for beta: Float in [0, 1, 0.5] {
        var c = beta == 0 ? before.map { _ in Float.nan } : before  // what beta clears may be anything
        multiply(a, lda, b, ldb, &c, ldc, (rows, columns, depth), transposeA, transposeB, beta)
        var worst = 0.0
        for i in 0..<rows {
          for j in 0..<columns {
            var sum = 0.0
            for l in 0..<depth {
              let left = a[transposeA ? l * lda + i : i * lda + l]
              let right = b[transposeB ? j * ldb + l : l * ldb + j]
              sum += Double(left) * Double(right)
            }
            let expected = 0.7 * sum + (beta == 0 ? 0 : Double(beta) * Double(before[i * ldc + j]))
            worst = max(worst, abs(Double(c[i * ldc + j]) - expected))
          }
        }
        #expect(worst < 2e-4, "\(rows) x \(columns) x \(depth), beta \(beta)")
        // Nothing beyond the rows' ends is touched.
        for i in 0..<rows where beta != 0 {
          #expect(c[i * ldc + columns] == before[i * ldc + columns])
        }
      }
    }
  }

  @Test("a thin product is that of plain sums on every processor, for every edge of its vectors and tiles")
  func thin() {
    var n = Numbers(72)
    for rows in 1...8 {
      for (columns, depth) in [(1, 1), (3, 16), (4, 17), (5, 15), (128, 9), (130, 33), (16, 0), (257, 128)] {
        let a = n.array(rows * (depth + 3))
        let before = n.array(rows * (columns + 2))
        for transposed in [false, true] {
          let ldb = (transposed ? depth : columns) + 1
          let b = n.array((transposed ? columns : depth) * ldb + 1)
          for beta: Float in [0, 0.5] {
            let cleared = beta == 0 ? before.map { _ in Float.nan } : before
            let fast = transposed ? ck_thin_product_transposed : ck_thin_product
            let slow = transposed ? ck_thin_product_transposed_portable : ck_thin_product_portable
            for product in [fast, slow] {
              var c = cleared
              product(a, depth + 3, b, ldb, &c, columns + 2, rows, columns, depth, 0.7, beta)
              var worst = 0.0
              for i in 0..<rows {
                for j in 0..<columns {
                  let sum = (0..<depth).reduce(0.0) {
                    $0 + Double(a[i * (depth + 3) + $1]) * Double(b[transposed ? j * ldb + $1 : $1 * ldb + j])
                  }
                  let at = i * (columns + 2) + j
                  let expected = 0.7 * sum + (beta == 0 ? 0 : Double(beta) * Double(before[at]))
                  worst = max(worst, abs(Double(c[at]) - expected))
                }
              }
              #expect(worst < 1e-4, "\(rows) x \(columns) x \(depth), transposed \(transposed), beta \(beta)")
              // Nothing beyond the rows' ends is touched.
              for i in 0..<rows where beta != 0 {
                #expect(c[i * (columns + 2) + columns] == before[i * (columns + 2) + columns])
              }
            }
          }
        }
      }
    }
  }

  private func multiply(
    _ a: [Float], _ lda: Int, _ b: [Float], _ ldb: Int, _ c: inout [Float], _ ldc: Int,
    _ size: (m: Int, n: Int, k: Int), _ transposeA: Bool, _ transposeB: Bool, _ beta: Float
  ) {
    let bytes = ck_sgemm_scratch_bytes(size.m, size.n, size.k)
    withUnsafeTemporaryAllocation(byteCount: max(bytes, 64), alignment: 64) { scratch in
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          c.withUnsafeMutableBufferPointer { c in
            var operands = ck_sgemm_operands(
              a: a.baseAddress!, lda: lda, b: b.baseAddress!, ldb: ldb, c: c.baseAddress!, ldc: ldc,
              m: size.m,
              n: size.n, k: size.k, transpose_a: transposeA, transpose_b: transposeB, alpha: 0.7, beta: beta)
            ck_sgemm(&operands, scratch.baseAddress!)
          }
        }
      }
    }
  }
}

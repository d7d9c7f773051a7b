import CKernels
import FoundationEssentials
import Tensors
import Testing

/// Weights in bfloat16 and int8 against the same values in float32.
@Suite struct CompactWeightTests {
  /// A matrix in a compact form, made as a model's are: from a file.
  private func compact(_ values: [Float], _ shape: [Int], _ dtype: DType) throws -> Tensor {
    let path = FileManager.default.temporaryDirectory
      .appending(path: "compact-\(UInt64.random(in: 0 ... .max)).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let stored: SafetensorsTensor =
      dtype == .bfloat16 ? .bfloat16(Tensor(values, shape: shape)) : .floats(values, shape: shape)
    try SafetensorsWriter.write([("w", stored)], to: path)
    return try SafetensorsFile(path: path).weights(of: "w", as: dtype)
  }

  /// ‖a − b‖ / ‖b‖
  private func relative(_ a: [Float], _ b: [Float]) -> Double {
    guard a.count == b.count else { return .infinity }
    let error = zip(a, b).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    return (error / b.reduce(0.0) { $0 + Double($1) * Double($1) }).squareRoot()
  }

  /// x as products with bfloat16 weights take it.
  private func rounded(_ x: Tensor) -> Tensor {
    let copy = Tensor(x.values, shape: x.shape)
    copy.roundToBFloat16InPlace()
    return copy
  }

  @Test(
    "a product is that of the values kept and the rounded input, for every number of rows and columns",
    arguments: [
      DType.bfloat16, .int8,
    ])
  func products(dtype: DType) throws {
    var n = Numbers(51)
    for columns in [1, 7, 32, 37, 96, 773, 2100] {
      for out in [1, 2, 3, 5, 6, 14] {
        let weight = try compact(n.array(out * columns), [out, columns], dtype)
        let same = Tensor(weight.values, shape: [out, columns])
        for rows in [1, 2, 3, 4, 5, 8, 32, 33, 40] {
          let x = Tensor(n.array(rows * columns), shape: [rows, columns])
          let bias = Tensor(n.array(out), shape: [out])
          // With int8 weights x has 8 bits too, of which a sum that cancels loses some.
          let (limit, input) = dtype == .int8 ? (2e-2 * cancelling(x, same), x) : (2e-5, rounded(x))
          for bias in [nil, bias] {
            let error = relative(
              linear(x, weight: weight, bias: bias).values, linear(input, weight: same, bias: bias).values)
            #expect(error < limit, "\(rows) x \(columns) by \(out)")
          }
        }
      }
    }
  }

  /// How much larger the terms of x · wᵀ are than their sums: √(Σ |x|² |w|² / Σ (x · w)²), at least 1.
  private func cancelling(_ x: Tensor, _ w: Tensor) -> Double {
    func size(_ values: [Float]) -> Double { values.reduce(0) { $0 + Double($1) * Double($1) } }
    let sums = size(linear(x, weight: w).values)
    return max(1, (size(x.values) * size(w.values) / Double(x.shape[1]) / max(sums, 1e-30)).squareRoot())
  }

  @Test("what the processor's own instructions compute, the portable loops compute too", arguments: [1, 4])
  func portable(offset: Int) throws {
    var n = Numbers(52)
    for format in [CK_WEIGHTS_FLOAT32, CK_WEIGHTS_BFLOAT16, CK_WEIGHTS_INT8] {
      for (rows, out, columns) in [
        // Long rows.
        (4, 9, 3101), (5, 37, 3101), (6, 16, 4128), (7, 35, 3104), (8, 37, 5003),
        (1, 7, 1061), (1, 8, 64), (2, 37, 32), (5, 11, 1061), (8, 6, 2048), (15, 33, 5),
        // Whole tiles of a matrix unit, and rows beside them.
        (1, 32, 1056), (16, 37, 2080), (17, 48, 1024), (32, 50, 96),
      ] {
        let weights = stored(n.array(out * columns), out, columns, format, at: offset)
        let x = n.array(rows * columns)
        var operand = [UInt8](repeating: 0, count: rows * ck_operand_row_bytes(format, columns))
        ck_make_operand(x, columns, rows, format, columns, &operand)
        let before = n.array(rows * out)
        for accumulate in [false, true] {
          var (fast, slow) = (before, before)
          forEach(&fast, &slow) { y, isFast in
            weights.withUnsafeBytes { w in
              operand.withUnsafeBytes { x in
                var operands = ck_weight_operands(
                  x: x.baseAddress!, w: w.baseAddress! + offset, format: format, columns: columns, first: 0,
                  y: y,
                  ldy: out, m: rows, n: out, accumulate: accumulate)
                if isFast { ck_weight_product(&operands) } else { ck_weight_product_portable(&operands) }
              }
            }
          }
          #expect(relative(fast, slow) < 1e-5, "\(rows) x \(columns) by \(out)")
        }
      }
    }
  }

  @Test("bytes of the largest size do not overflow the sums of a block")
  func largestBytes() {
    let (rows, out, columns) = (7, 16, 64)
    // Every sign of a neighbouring pair of weights meets every sign of a pair of x.
    let values = (0..<out * columns).map { (i: Int) -> Float in i / columns >> (i % 2) & 1 == 0 ? 1 : -1 }
    let x = (0..<rows * columns).map { (i: Int) -> Float in i / columns >> (i % 2) & 1 == 0 ? 1 : -1 }
    let weights = stored(values, out, columns, CK_WEIGHTS_INT8)
    var operand = [UInt8](repeating: 0, count: rows * ck_operand_row_bytes(CK_WEIGHTS_INT8, columns))
    ck_make_operand(x, columns, rows, CK_WEIGHTS_INT8, columns, &operand)
    var (fast, slow) = ([Float](repeating: 0, count: rows * out), [Float](repeating: 0, count: rows * out))
    forEach(&fast, &slow) { y, isFast in
      weights.withUnsafeBytes { w in
        operand.withUnsafeBytes { x in
          var operands = ck_weight_operands(
            x: x.baseAddress!, w: w.baseAddress! + 1, format: CK_WEIGHTS_INT8, columns: columns, first: 0,
            y: y,
            ldy: out, m: rows, n: out, accumulate: false)
          if isFast { ck_weight_product(&operands) } else { ck_weight_product_portable(&operands) }
        }
      }
    }
    let exact = (0..<rows * out).map { (at: Int) -> Float in
      (0..<columns).reduce(0) { $0 + x[at / out * columns + $1] * values[at % out * columns + $1] }
    }
    #expect(relative(fast, slow) < 1e-6)
    #expect(relative(fast, exact) < 1e-2)  // a scale of 127ths is rounded to bfloat16
  }

  @Test(
    "rows of x give the same to the last bit alone and together",
    .enabled(if: ck_adds_rows_alike(), "this processor adds the products of a single row in another order"),
    arguments: [1, 4])
  func together(offset: Int) throws {
    var n = Numbers(58)
    for (rows, out, columns) in [(8, 37, 2080), (20, 16, 4192), (32, 33, 1061)] {
      let weights = stored(n.array(out * columns), out, columns, CK_WEIGHTS_BFLOAT16, at: offset)
      let x = n.array(rows * columns)
      let bytes = ck_operand_row_bytes(CK_WEIGHTS_BFLOAT16, columns)
      var operand = [UInt8](repeating: 0, count: rows * bytes)
      ck_make_operand(x, columns, rows, CK_WEIGHTS_BFLOAT16, columns, &operand)
      let before = n.array(rows * out)
      for accumulate in [false, true] {
        var (all, single) = (before, before)
        forEach(&all, &single) { y, isAll in
          weights.withUnsafeBytes { w in
            operand.withUnsafeBytes { x in
              for row in 0..<(isAll ? 1 : rows) {
                var operands = ck_weight_operands(
                  x: x.baseAddress! + row * bytes, w: w.baseAddress! + offset, format: CK_WEIGHTS_BFLOAT16,
                  columns: columns, first: 0, y: y + row * out, ldy: out, m: isAll ? rows : 1, n: out,
                  accumulate: accumulate)
                ck_weight_product(&operands)
              }
            }
          }
        }
        #expect(all == single, "\(rows) x \(columns) by \(out)")
      }
    }
  }

  @Test(
    "a product of many rows, packed, is the portable one",
    arguments: [CK_PACKING_VECTORS, CK_PACKING_TILES].filter { ck_has_packing($0) })
  func packed(packing: ck_packing) throws {
    var n = Numbers(57)
    for format in [CK_WEIGHTS_BFLOAT16, CK_WEIGHTS_INT8] {
      for (rows, out, columns) in [
        (1, 1, 1), (14, 32, 64), (15, 33, 1061), (29, 130, 37), (100, 200, 1100), (64, 31, 512),
      ] {
        let weights = stored(n.array(out * columns), out, columns, format)
        // The values kept, as bfloat16: what int8 weights are multiplied as.
        var values = [Float](repeating: 0, count: out * columns)
        weights.withUnsafeBytes { w in
          for row in 0..<out {
            values.withUnsafeMutableBufferPointer { values in
              ck_expand_weights(
                w.baseAddress! + 1, format, columns, row, 0, columns, values.baseAddress! + row * columns)
            }
          }
        }
        let same = stored(values, out, columns, CK_WEIGHTS_BFLOAT16)
        let x = n.array(rows * columns)
        var operand = [UInt8](repeating: 0, count: rows * ck_operand_row_bytes(CK_WEIGHTS_BFLOAT16, columns))
        ck_make_operand(x, columns, rows, CK_WEIGHTS_BFLOAT16, columns, &operand)
        var packed = [UInt32](repeating: 0, count: ck_packed_rows_bytes(packing, rows, columns) / 4)
        for part in 0..<3 { ck_pack_rows(packing, x, columns, rows, columns, &packed, part, 3) }
        let before = n.array(rows * out)
        for accumulate in [false, true] {
          var (fast, slow) = (before, before)
          forEach(&fast, &slow) { y, isFast in
            (isFast ? weights : same).withUnsafeBytes { w in
              (isFast ? bytes(packed) : operand).withUnsafeBytes { x in
                var operands = ck_weight_operands(
                  x: x.baseAddress!, w: w.baseAddress! + 1, format: isFast ? format : CK_WEIGHTS_BFLOAT16,
                  columns: columns, first: 0, y: y, ldy: out, m: rows, n: out, accumulate: accumulate)
                guard isFast else { return ck_weight_product_portable(&operands) }
                withUnsafeTemporaryAllocation(
                  byteCount: ck_packed_product_scratch_bytes(), alignment: 64
                ) { ck_packed_product(packing, &operands, $0.baseAddress!) }
              }
            }
          }
          #expect(relative(fast, slow) < 1e-5, "\(rows) x \(columns) by \(out)")
        }
      }
    }
  }

  private func bytes(_ words: [UInt32]) -> [UInt8] { words.withUnsafeBytes { Array($0) } }

  private func forEach(
    _ fast: inout [Float], _ slow: inout [Float], _ body: (UnsafeMutablePointer<Float>, Bool) -> Void
  ) {
    fast.withUnsafeMutableBufferPointer { body($0.baseAddress!, true) }
    slow.withUnsafeMutableBufferPointer { body($0.baseAddress!, false) }
  }

  /// A matrix as it is kept, behind one byte: a file's tensors need not be aligned.
  /// - Parameter offset: the byte they begin at.
  private func stored(
    _ values: [Float], _ rows: Int, _ columns: Int, _ format: ck_weight_format, at offset: Int = 1
  ) -> [UInt8] {
    let (height, bytes) = (ck_weight_panel_rows(format), ck_weight_panel_bytes(format, columns))
    var stored = [UInt8](repeating: 0, count: (rows + height - 1) / height * bytes + offset)
    stored.withUnsafeMutableBytes { stored in
      values.withUnsafeBufferPointer { values in
        for first in stride(from: 0, to: rows, by: height) {
          let source = values.baseAddress! + first * columns
          let target = stored.baseAddress! + offset + first / height * bytes
          switch format {
          case CK_WEIGHTS_FLOAT32: target.copyMemory(from: source, byteCount: bytes)
          case CK_WEIGHTS_BFLOAT16: ck_f32_to_bf16(source, target, columns)
          default: ck_quantize_weights(source, min(height, rows - first), columns, target)
          }
        }
      }
    }
    return stored
  }

  @Test("int8 keeps every value within half a step of its block, zeros and large values included")
  func quantisation() throws {
    var n = Numbers(53)
    var values = n.array(6 * 80)
    for index in 80..<160 { values[index] = 0 }
    values[200] = 1e30
    values[260] = -3e-38
    let kept = try compact(values, [6, 80], .int8).values
    for row in 0..<6 {
      for start in stride(from: 0, to: 80, by: 32) {
        let block = row * 80 + start..<row * 80 + min(start + 32, 80)
        let most = block.map { abs(values[$0]) }.max() ?? 0
        for index in block { #expect(abs(kept[index] - values[index]) <= most / 127 * 0.504) }
      }
    }
  }

  @Test("values that are not finite are refused by name, not quantised")
  func broken() {
    for value in [Float.nan, .infinity] {
      let error = #expect(throws: SafetensorsError.self) {
        _ = try compact([1, 2, value, 4], [2, 2], .int8)
      }
      #expect("\(error!)".contains("\"w\"") && "\(error!)".contains("row 1"))
    }
  }

  @Test("gradients pass through weights that are kept in a compact form", arguments: [DType.bfloat16, .int8])
  func gradients(dtype: DType) throws {
    var n = Numbers(54)
    let weight = try compact(n.array(70 * 50), [70, 50], dtype)
    let same = Tensor(weight.values, shape: [70, 50])
    for rows in [3, 45] {
      let (x, bias) = (n.parameter(rows, 50), n.parameter(70))
      let scales = n.array(rows * 70)
      let targets = (0..<rows).map { $0 % 70 }
      func gradients(_ weight: Tensor) -> [Float] {
        for p in [x, bias] { p.zeroGradient() }
        weightedSum(linear(x, weight: weight, bias: bias), weights: scales).backward()
        sum(headLogProbabilities(x, head: weight, targets: targets)).backward()
        return [x, bias].flatMap { $0.gradient?.values ?? [] }
      }
      // The probabilities that a gradient begins with come from rounded inputs.
      #expect(relative(gradients(weight), gradients(same)) < (dtype == .int8 ? 2e-2 : 5e-3))
    }
  }

  @Test("an embedding reads rows of a compact table")
  func rows() throws {
    var n = Numbers(55)
    for dtype in [DType.bfloat16, .int8] {
      let table = try compact(n.array(9 * 40), [9, 40], dtype)
      let values = table.values
      let expected = [8, 0, 8].flatMap { (row: Int) -> [Float] in Array(values[row * 40..<(row + 1) * 40]) }
      #expect(embedding(table, ids: [8, 0, 8]).values == expected)
    }
  }

  @Test("stored weights are taken from the file's own pages, and changing them leaves the file alone")
  func mapping() throws {
    let path = FileManager.default.temporaryDirectory
      .appending(path: "mapped-\(UInt64.random(in: 0 ... .max)).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var n = Numbers(56)
    let values = n.array(12)
    try SafetensorsWriter.write([("w", .floats(values, shape: [3, 4]))], to: path)
    let before = try Data(contentsOf: URL(filePath: path))
    let file = try SafetensorsFile(path: path)
    let weight = try file.weights(of: "w", as: .float32)
    #expect(weight.values == values)
    weight.scaleInPlace(by: 2)
    #expect(weight.values == values.map { 2 * $0 })
    #expect(try Data(contentsOf: URL(filePath: path)) == before)
    #expect(try SafetensorsFile(path: path).weights(of: "w", as: .float32).values == values)
    #expect(throws: SafetensorsError.self) { try file.weights(of: "v", as: .float32) }
  }
}

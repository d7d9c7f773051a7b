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

  @Test(
    "a product is that of the values kept, for every number of rows and columns",
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
          // Sums of random signs may cancel; and int8 takes single rows of x in 16 bits.
          let limit = dtype == .int8 && rows == 1 ? 2e-3 : 2e-5
          for bias in [nil, bias] {
            let error = relative(
              linear(x, weight: weight, bias: bias).values, linear(x, weight: same, bias: bias).values)
            #expect(error < limit, "\(rows) x \(columns) by \(out)")
          }
        }
      }
    }
  }

  @Test("what the processor's own instructions compute, the portable loops compute too")
  func portable() throws {
    var n = Numbers(52)
    for format in [CK_WEIGHTS_FLOAT32, CK_WEIGHTS_BFLOAT16, CK_WEIGHTS_INT8] {
      for (rows, out, columns) in [(1, 7, 1061), (1, 8, 64), (5, 11, 1061), (8, 6, 2048)] {
        let stride = ck_weight_row_bytes(format, columns)
        // An odd address: a file's tensors need not be aligned.
        var bytes = [UInt8](repeating: 0, count: out * stride + 1)
        let values = n.array(out * columns)
        for row in 0..<out {
          bytes.withUnsafeMutableBytes { bytes in
            values.withUnsafeBufferPointer { values in
              let (source, target) = (
                values.baseAddress! + row * columns, bytes.baseAddress! + 1 + row * stride
              )
              switch format {
              case CK_WEIGHTS_FLOAT32: target.copyMemory(from: source, byteCount: stride)
              case CK_WEIGHTS_BFLOAT16: ck_f32_to_bf16(source, target, columns)
              default: ck_quantize_weights(source, columns, target)
              }
            }
          }
        }
        let x = n.array(rows * columns)
        let before = n.array(rows * out)
        for accumulate in [false, true] {
          var (fast, slow) = (before, before)
          bytes.withUnsafeBytes { bytes in
            let w = bytes.baseAddress! + 1
            ck_weight_product(x, columns, w, format, columns, &fast, out, rows, out, accumulate)
            ck_weight_product_portable(x, columns, w, format, columns, &slow, out, rows, out, accumulate)
          }
          #expect(relative(fast, slow) < 1e-3)
        }
      }
    }
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
      #expect(relative(gradients(weight), gradients(same)) < 1e-5)
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

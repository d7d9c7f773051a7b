/// Numbers in a GPU's memory that belong to its ``CUDADevice``, which memory of tensors keeps alive.
struct KeptNumbers {
  /// 0 where memory did not suffice.
  let address: UInt64
  let bytes: Int
  var isThere: Bool { address != 0 }
}

/// Rows, columns and what is computed row by row.
extension CUDADevice {
  /// A list of row numbers in the GPU's memory; the last few lists are kept there.
  func indexList(_ rows: [Int]) -> KeptNumbers {
    if let step { return list(rows, of: step) }
    if let known = indices.value(of: rows) { return known }
    let list = kept(rows.map { Int32(truncatingIfNeeded: $0) })
    // One for which there was no memory is not there the next time either.
    if list.isThere, let gone = indices.keep(list, of: rows) { release(gone) }
    return list
  }

  /// The same for a step, which puts its own lists into its own memory.
  private func list(_ rows: [Int], of step: DeviceStep) -> KeptNumbers {
    if let known = step.indices.value(of: rows) { return known }
    let list = kept(rows.map { Int32(truncatingIfNeeded: $0) })
    _ = step.indices.keep(list, of: rows)
    return list
  }

  /// Numbers in the GPU's memory.
  func stored<Number: BitwiseCopyable>(_ numbers: [Number]) -> Storage {
    let storage = Storage(bytes: numbers.count * MemoryLayout<Number>.stride, on: self, isInput: true)
    withExtendedLifetime(storage) { upload(numbers, to: storage.address) }
    return storage
  }

  /// Numbers that the device itself keeps, until it is told to release them.
  func kept(_ numbers: [Int32]) -> KeptNumbers {
    let address = allocate(bytes: numbers.count * 4, isInput: true) ?? 0
    upload(numbers, to: address)
    return KeptNumbers(address: address, bytes: numbers.count * 4)
  }

  func release(_ numbers: KeptNumbers) {
    if numbers.isThere { release(numbers.address, bytes: numbers.bytes) }
  }

  private func upload<Number: BitwiseCopyable>(_ numbers: [Number], to address: UInt64) {
    numbers.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { upload(base, bytes: bytes.count, to: address) }
    }
  }

  /// Threads for a block that goes over a row.
  private static func threads(for width: Int) -> Int { width >= 1024 ? 256 : width >= 256 ? 128 : 32 }

  func gather(_ x: Tensor, _ rows: [Int], into y: Tensor) {
    launch(
      x.dtype == .bfloat16 ? "gather_narrow_rows" : "gather_rows", blocks: rows.count,
      threads: Self.threads(for: y.columns), .tensor(x), .numbers(indexList(rows)),
      .tensor(y),
      .int(y.columns))
  }

  /// Row i of `source` becomes row `rows[i]` of `target`.
  func scatter(_ source: Tensor, to target: Tensor, at rows: [Int]) {
    precondition(
      rows.allSatisfy { $0 >= 0 && $0 < target.rows }, "writeRows: rows outside a tensor with \(target.rows)")
    precondition(source.dtype == .float32, "writeRows: rows in \(source.dtype)")
    step?.writes.note(target, from: 0)
    launch(
      "scatter_rows" + target.suffix, blocks: rows.count,
      threads: Self.threads(for: source.columns), .tensor(source), .numbers(indexList(rows)),
      .tensor(target), .int(source.columns))
  }

  func clearRows(_ rows: [Int], of x: Tensor) {
    launch(
      "clear_rows", blocks: rows.count, threads: Self.threads(for: x.columns), .numbers(indexList(rows)),
      .tensor(x), .int(x.columns))
  }

  /// target[rows[i]] += source[i]; rows that occur several times add up in the order of i.
  func add(_ source: Tensor, toRows rows: [Int], of target: Tensor) {
    let order = rows.indices.sorted { (rows[$0], $0) < (rows[$1], $1) }
    var (targets, starts): ([Int], [Int]) = ([], [])
    for (place, index) in order.enumerated() where targets.last != rows[index] {
      targets.append(rows[index])
      starts.append(place)
    }
    starts.append(order.count)
    launch(
      "add_rows", blocks: targets.count, threads: Self.threads(for: source.columns), .tensor(source),
      .numbers(indexList(targets)), .numbers(indexList(starts)), .numbers(indexList(order)),
      .tensor(target), .int(source.columns))
  }

  func copyColumns(_ range: Range<Int>, of x: Tensor, to y: Tensor) {
    launch(
      "copy_columns", blocks: x.rows, threads: Self.threads(for: range.count),
      .tensor(x, from: range.lowerBound), .tensor(y), .int(x.columns),
      .int(range.count),
      .int(range.count))
  }

  func addColumns(_ x: Tensor, to range: Range<Int>, of y: Tensor) {
    launch(
      "add_columns", blocks: y.rows, threads: Self.threads(for: range.count), .tensor(x),
      .tensor(y, from: range.lowerBound), .int(range.count), .int(y.columns),
      .int(range.count))
  }

  /// y [range] += the sums down these columns of g [n, d], which is in float32 or bfloat16.
  func addColumnSums(of g: Tensor, _ range: Range<Int>, to y: Tensor, from start: Int = 0) {
    addDownColumns("sum_columns" + g.suffix, range.count, rows: g.rows, to: y, from: start) {
      [.tensor(g, from: range.lowerBound)] + $0 + [.int(range.count), .int(g.columns)]
    }
  }

  /// Rows that a block adds up; more of them are divided among blocks, whose sums are added in their order.
  private static let rowsOfSums = 256

  /// - Parameter arguments: of a kernel, around where sums go and the rows of a block.
  private func addDownColumns(
    _ kernel: String, _ width: Int, rows: Int, to y: Tensor, from start: Int = 0,
    _ arguments: ([Argument]) -> [Argument]
  ) {
    let (blocks, parts) = ((width + 31) / 32, (rows + Self.rowsOfSums - 1) / Self.rowsOfSums)
    if parts == 1 {
      let whole: [Argument] = [.absent, .tensor(y, from: start), .int(rows), .int(rows)]
      return self.start(kernel, blocks: blocks, arguments(whole))
    }
    let sums = Tensor(uninitialized: [parts, width], on: self)
    self.start(
      kernel, blocks: blocks, height: parts,
      arguments([.tensor(sums), .absent, .int(rows), .int(Self.rowsOfSums)]))
    launch(
      "sum_columns", blocks: blocks, .tensor(sums), .absent, .tensor(y, from: start), .int(parts),
      .int(parts),
      .int(width), .int(width))
  }

  // MARK: Norms

  /// y in float32 or bfloat16.
  func rmsNorm(_ x: Tensor, weight: Tensor, epsilon: Float, into y: Tensor, _ inverses: Tensor) {
    if normHeld(x, weight: weight, epsilon: epsilon, into: y, inverses) { return }
    launch(
      "rms_norm" + y.suffix, blocks: x.rows, threads: Self.threads(for: x.columns), .tensor(x),
      .tensor(weight), .tensor(y), .tensor(inverses), .int(x.columns), .float(epsilon))
  }

  /// dx = its gradient + kept · dx
  func rmsNormBackward(
    _ x: Tensor, weight: Tensor, _ inverses: Tensor, _ g: Tensor, into dx: Tensor, keeping kept: Float
  ) {
    launch(
      "rms_norm_backward" + g.suffix, blocks: x.rows, threads: Self.threads(for: x.columns), .tensor(x),
      .tensor(weight), .tensor(inverses), .tensor(g), .tensor(dx), .int(x.columns), .float(kept))
  }

  /// Without means they count as 0.
  func addNormWeightSlope(_ x: Tensor, means: Tensor?, _ inverses: Tensor, _ g: Tensor, to weight: Tensor) {
    addDownColumns("norm_backward_weight" + g.suffix, x.columns, rows: x.rows, to: weight) {
      [.tensor(x), .tensor(means), .tensor(inverses), .tensor(g)] + $0 + [.int(x.columns)]
    }
  }

  func layerNorm(
    _ x: Tensor, weight: Tensor, bias: Tensor, epsilon: Float, into y: Tensor, _ means: Tensor,
    _ inverses: Tensor
  ) {
    launch(
      "layer_norm", blocks: x.rows, threads: Self.threads(for: x.columns), .tensor(x),
      .tensor(weight), .tensor(bias), .tensor(y), .tensor(means),
      .tensor(inverses), .int(x.columns), .float(epsilon))
  }

  func layerNormSlope(
    _ x: Tensor, weight: Tensor, _ means: Tensor, _ inverses: Tensor, _ g: Tensor
  ) -> Tensor {
    let dx = Tensor(uninitialized: x.shape, on: self)
    launch(
      "layer_norm_backward_input", blocks: x.rows, threads: Self.threads(for: x.columns), .tensor(x),
      .tensor(weight), .tensor(means), .tensor(inverses), .tensor(g),
      .tensor(dx), .int(x.columns))
    return dx
  }

  // MARK: Rotary positions; cosines and sines are [n, width]

  func rotaryAngles(
    _ positions: [Int32], _ kinds: [Int32], _ frequencies: [Float], into cosines: Tensor, _ sines: Tensor
  ) {
    forEach(
      cosines.count / 2, "rotary_angles", .storage(stored(positions)), .storage(stored(kinds)),
      .storage(stored(frequencies)), .tensor(cosines), .tensor(sines), .count(cosines.rows),
      .int(frequencies.count))
  }

  func rotary(_ x: Tensor, _ cosines: Tensor, _ sines: Tensor, heads: Int, into y: Tensor) {
    forEach(
      x.count / 2, "rotary", .tensor(x), .tensor(cosines), .tensor(sines), .tensor(y), .count(x.rows),
      .int(heads), .int(cosines.columns))
  }

  /// Into the columns of dx from `start` on, in the form of g.
  func rotaryBackward(
    _ g: Tensor, _ cosines: Tensor, _ sines: Tensor, heads: Int, into dx: Tensor, from start: Int = 0
  ) {
    forEach(
      g.count / 2, "rotary_backward" + g.suffix, .tensor(g), .tensor(cosines), .tensor(sines),
      .tensor(dx, from: start), .count(g.rows), .int(heads), .int(cosines.columns), .int(dx.columns))
  }
}

extension Tensor {
  /// What kernels are called that take tensors of its form.
  var suffix: String { dtype == .bfloat16 ? "_narrow" : "" }
}

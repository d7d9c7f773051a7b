internal import CKernels

/// In-place access for caches and optimizers. None of it is recorded: a graph that still needs the old
/// values must not be differentiated afterwards.
extension Tensor {
  /// Lends the elements for reading and writing in place; those on a GPU as a copy, which is written back.
  package func withUnsafeValues<R>(_ body: (UnsafeMutableBufferPointer<Float>) throws -> R) rethrows -> R {
    if let device { return try device.withValues(of: self, body) }
    return try body(UnsafeMutableBufferPointer(start: pointer, count: count))
  }

  /// Lends the bytes of a tensor of any form for reading: row after row, but for int8; those on a GPU as a copy.
  /// - Throws: `CUDAError` where the GPU failed meanwhile or before, so that they may not be what was computed, and what
  ///   `body` throws.
  package func withReadBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
    guard device != nil else { return try withExtendedLifetime(self) { try body(bytes) } }
    return try read().withReadBytes(body)
  }

  /// The same elements in the processor's memory, without history.
  /// - Throws: `CUDAError` as ``withReadBytes(_:)`` does.
  package func read() throws(CUDAError) -> Tensor {
    let copy = detached().moved(to: nil)
    try device?.check()
    return copy
  }

  /// Replaces all bytes, in the order in which ``withReadBytes(_:)`` lends them.
  package func replaceBytes(_ new: [UInt8]) {
    precondition(new.count == byteCount, "\(new.count) bytes for a tensor of \(byteCount)")
    new.withUnsafeBytes { new in
      guard let start = new.baseAddress else { return }
      withExtendedLifetime(self) {
        if let device {
          device.upload(start, bytes: new.count, to: address)
        } else {
          UnsafeMutableRawBufferPointer(mutating: bytes).copyMemory(from: new)
        }
      }
    }
  }

  /// Overwrites row `rows[i]` of this `[n, d]` tensor with row i of `source` `[rows.count, d]`.
  public func writeRows(_ source: Tensor, at rows: [Int]) {
    let width = columns
    precondition(
      source.columns == width && source.rows == rows.count,
      "writeRows: \(rows.count) rows of \(width) columns cannot come from the shape \(source.shape)")
    let limit = self.rows
    if let device { return device.scatter(source, to: self, at: rows) }
    for (i, row) in rows.enumerated() {
      precondition(row >= 0 && row < limit, "writeRows: row \(row) of a tensor with \(limit) rows")
      (pointer + row * width).update(from: source.pointer + i * width, count: width)
    }
  }

  /// Overwrites the rows from `start` on with all rows of `source`.
  public func writeRows(_ source: Tensor, from start: Int) {
    precondition(
      source.columns == columns && start >= 0 && start + source.rows <= rows,
      "writeRows: shape \(source.shape) does not fit at row \(start) of the shape \(shape)")
    if let device {
      return dtype == .float32
        ? device.copy(source, to: self, from: start * columns)
        : device.scatter(source, to: self, at: Array(start..<start + source.rows))
    }
    (pointer + start * columns).update(from: source.pointer, count: source.count)
  }

  /// Overwrites the elements with zeros.
  func clearInPlace() {
    if let device { return device.clear(storage, from: 4 * offset, bytes: byteCount) }
    pointer.update(repeating: 0, count: count)
  }

  /// self += factor * x
  public func addInPlace(_ x: Tensor, scaledBy factor: Float = 1) {
    precondition(x.count == count, "addInPlace: shapes \(shape) and \(x.shape) differ")
    if let device { return device.add(x, times: factor, to: self) }
    Parallel.ranges(of: count) { range in
      ck_axpy(factor, x.pointer + range.lowerBound, self.pointer + range.lowerBound, range.count)
    }
  }

  /// self *= factor
  public func scaleInPlace(by factor: Float) {
    if let device {
      return device.forEach(
        count, "scale", .tensor(self), .tensor(self), .count(count), .float(factor))
    }
    ck_scale(pointer, factor, pointer, count)
  }

  /// Rounds every element to the nearest number that bfloat16 holds.
  public func roundToBFloat16InPlace() {
    if let device { return device.forEach(count, "round_to_bfloat16", .tensor(self), .count(count)) }
    Parallel.ranges(of: count) { range in
      ck_round_to_bf16(self.pointer + range.lowerBound, range.count)
    }
  }

  /// Overwrites the elements with those of `x`.
  public func copyInPlace(from x: Tensor) {
    precondition(x.count == count, "copyInPlace: shapes \(shape) and \(x.shape) differ")
    if let device { return device.copy(x, to: self) }
    pointer.update(from: x.pointer, count: count)
  }

  /// Overwrites the elements with those of `x`, which is float32, each rounded to the nearest that this tensor's
  /// form holds.
  /// - Precondition: this tensor is float32 or bfloat16.
  public func copyInPlace(rounding x: Tensor) {
    if dtype == .float32 { return copyInPlace(from: x) }
    precondition(
      x.count == count && dtype == .bfloat16,
      "copyInPlace: \(x.shape) cannot be rounded to \(shape) in \(dtype)")
    if let device {
      return device.forEach(count, "narrow", .tensor(x), .storage(storage), .count(count))
    }
    Parallel.ranges(of: count) { range in
      ck_f32_to_bf16(x.pointer + range.lowerBound, self.storage.base + range.lowerBound * 2, range.count)
    }
  }

  /// Whether both are the same memory, in any form.
  public func sharesMemory(with other: Tensor) -> Bool {
    storage.base == other.storage.base && offset == other.offset && count > 0
  }

  /// Whether both hold the same bits in the same form.
  public func hasSameBits(as other: Tensor) -> Bool {
    guard dtype == other.dtype, shape == other.shape else { return false }
    if sharesMemory(with: other) || count == 0 { return true }
    let (own, others) = (moved(to: nil), other.moved(to: nil))
    return own.bytes.elementsEqual(others.bytes)
  }

  /// Has the system read tensors that lie in mapped files, in their order and in the background, while this
  /// process does something else; otherwise each page is waited for when it is first used.
  public static func readAhead(_ tensors: [Tensor]) {
    let ranges = tensors.filter { $0.storage.isMapped && $0.count > 0 }
      .map { ck_range(start: UnsafeRawPointer($0.storage.base), bytes: $0.storage.byteCount) }
    if !ranges.isEmpty { ck_read_ahead(ranges, ranges.count) }
  }

  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: storage.base + offset * MemoryLayout<Float>.stride, count: byteCount)
  }

  /// Bytes of its elements in their form.
  public var byteCount: Int { dtype == .float32 ? 4 * count : dtype.storedShape(of: shape).reduce(1, *) }

  /// The sum of the squares, summed in double precision over blocks.
  public var squaredNorm: Double {
    device?.total("square_parts", of: self) ?? ck_squared_norm(pointer, count)
  }

  /// False if any element is infinite or not a number.
  public var isFinite: Bool { device?.isFinite(self) ?? ck_all_finite(pointer, count) }
}

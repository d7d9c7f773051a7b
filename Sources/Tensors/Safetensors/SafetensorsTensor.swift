internal import CKernels

/// Values to be written to a safetensors file, in the format they get there.
public enum SafetensorsTensor {
  /// A tensor as F32.
  case float32(Tensor)
  /// A tensor rounded to BF16, to nearest even.
  case bfloat16(Tensor)
  /// A matrix of a file in a compact form, as U8 [panels, bytes of a panel]; it is made while it is written, a
  /// few panels at a time. Read again by ``SafetensorsFile/compactWeights(of:as:shape:)``.
  case compact(ShardedWeights, name: String, shape: [Int], DType)
  /// What `tensor` returns, which is asked when it is written and not kept: for results that would not fit into
  /// memory all at once. It has the shape and the format given.
  case made(shape: [Int], dtype: SafetensorsDType, tensor: () -> SafetensorsTensor)
  case floats([Float], shape: [Int])
  case int64([Int], shape: [Int])
  case int32([Int32], shape: [Int])
  case uint8([UInt8], shape: [Int])

  public var shape: [Int] {
    switch self {
    case .float32(let tensor), .bfloat16(let tensor): tensor.shape
    case .compact(_, _, let shape, let dtype):
      dtype.storedShape(of: shape)
    case .made(let shape, _, _): shape
    case .floats(_, let shape), .int64(_, let shape), .int32(_, let shape), .uint8(_, let shape): shape
    }
  }

  public var dtype: SafetensorsDType {
    switch self {
    case .float32, .floats: .float32
    case .bfloat16: .bfloat16
    case .made(_, let dtype, _): dtype
    case .int64: .int64
    case .int32: .int32
    case .uint8, .compact: .uint8
    }
  }

  var count: Int {
    switch self {
    case .float32(let tensor), .bfloat16(let tensor): tensor.count
    case .compact, .made: shape.reduce(1, *)
    case .floats(let values, _): values.count
    case .int64(let values, _): values.count
    case .int32(let values, _): values.count
    case .uint8(let values, _): values.count
    }
  }

  /// Lends the bytes to be stored, in one or more pieces.
  /// - Throws: `CUDAError` where a GPU has failed, so that they may not be what was computed, and what `body` throws.
  func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    switch self {
    case .float32(let tensor) where tensor.device != nil:
      try SafetensorsTensor.float32(tensor.read()).forEachPiece(body)
    case .bfloat16(let tensor) where tensor.device != nil:
      try SafetensorsTensor.bfloat16(tensor.read()).forEachPiece(body)
    case .made(let shape, let dtype, let tensor):
      let tensor = tensor()
      precondition(
        tensor.shape == shape && tensor.dtype == dtype,
        "\(tensor.dtype) \(tensor.shape) was made for \(dtype) \(shape)")
      try tensor.forEachPiece(body)
    case .bfloat16(let tensor) where tensor.dtype == .bfloat16:
      try body(UnsafeRawBufferPointer(start: tensor.storage.base, count: tensor.count * 2))
    case .float32(let tensor) where tensor.dtype != .float32,
      .bfloat16(let tensor) where tensor.dtype != .float32:
      try forEachRow(of: tensor, body)
    case .float32(let tensor):
      try body(UnsafeRawBufferPointer(start: tensor.pointer, count: tensor.count * 4))
    case .compact(let weights, let name, _, let dtype):
      let (panels, bytes) = (self.shape[0], self.shape[1])
      let height = max(1, (8 << 20) / max(bytes, 1))
      let buffer = Storage(bytes: height * bytes)
      let file = try weights.file(name)
      for start in stride(from: 0, to: panels, by: height) {
        let part = start..<min(panels, start + height)
        try file.compact(name, as: dtype, panels: part, into: buffer.base)
        try body(UnsafeRawBufferPointer(start: buffer.base, count: part.count * bytes))
      }
      try file.forget(name)
    case .bfloat16(let tensor):
      let piece = 1 << 20
      var buffer = [UInt16](repeating: 0, count: min(piece, tensor.count))
      for start in stride(from: 0, to: tensor.count, by: piece) {
        let count = min(piece, tensor.count - start)
        try buffer.withUnsafeMutableBytes { bytes in
          guard let base = bytes.baseAddress else { return }
          ck_f32_to_bf16(tensor.pointer + start, base, count)
          try body(UnsafeRawBufferPointer(start: base, count: count * 2))
        }
      }
    case .floats(let values, _): try values.withUnsafeBytes(body)
    case .int64(let values, _): try values.map(Int64.init).withUnsafeBytes(body)
    case .int32(let values, _): try values.withUnsafeBytes(body)
    case .uint8(let values, _): try values.withUnsafeBytes(body)
    }
  }

  /// A compact tensor written out in another form, row by row.
  private func forEachRow(
    of tensor: Tensor, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) rethrows {
    let matrix = WeightMatrix(tensor)
    let (row, narrow) = (Storage(count: matrix.columns), Storage(bytes: matrix.columns * 2))
    for index in 0..<matrix.rows {
      matrix.expand(row: index, into: row.pointer)
      if dtype == .float32 {
        try body(UnsafeRawBufferPointer(start: row.base, count: matrix.columns * 4))
      } else {
        ck_f32_to_bf16(row.pointer, narrow.base, matrix.columns)
        try body(UnsafeRawBufferPointer(start: narrow.base, count: matrix.columns * 2))
      }
    }
  }
}

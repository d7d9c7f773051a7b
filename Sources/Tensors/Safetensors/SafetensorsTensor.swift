internal import CKernels

/// Values to be written to a safetensors file, in the format they get there.
public enum SafetensorsTensor {
  /// A tensor as F32.
  case float32(Tensor)
  /// A tensor rounded to BF16, to nearest even.
  case bfloat16(Tensor)
  case floats([Float], shape: [Int])
  case int64([Int], shape: [Int])
  case int32([Int32], shape: [Int])
  case uint8([UInt8], shape: [Int])

  public var shape: [Int] {
    switch self {
    case .float32(let tensor), .bfloat16(let tensor): tensor.shape
    case .floats(_, let shape), .int64(_, let shape), .int32(_, let shape), .uint8(_, let shape): shape
    }
  }

  public var dtype: SafetensorsDType {
    switch self {
    case .float32, .floats: .float32
    case .bfloat16: .bfloat16
    case .int64: .int64
    case .int32: .int32
    case .uint8: .uint8
    }
  }

  var count: Int {
    switch self {
    case .float32(let tensor), .bfloat16(let tensor): tensor.count
    case .floats(let values, _): values.count
    case .int64(let values, _): values.count
    case .int32(let values, _): values.count
    case .uint8(let values, _): values.count
    }
  }

  /// Lends the bytes to be stored, in one or more pieces.
  func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
    switch self {
    case .float32(let tensor):
      try body(UnsafeRawBufferPointer(start: tensor.pointer, count: tensor.count * 4))
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
}

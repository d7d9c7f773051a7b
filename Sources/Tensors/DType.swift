internal import CKernels

/// How a tensor's elements lie in memory.
///
/// What is computed is float32. Weights may be kept in one of the compact forms, of which a product reads half or
/// a quarter of the bytes: a compact tensor goes into `linear`, `embedding` and `headLogProbabilities` alone;
/// gradients of what it is multiplied with pass through it. One in bfloat16 may be a parameter: its own gradient
/// is float32, and an optimizer keeps what is too fine for it elsewhere.
public enum DType: String, Sendable, CaseIterable {
  case float32
  case bfloat16
  /// Blocks of 32 neighbouring columns of a row as signed bytes with a bfloat16 scale each: 8.5 bits a value.
  case int8

  var format: ck_weight_format {
    switch self {
    case .float32: CK_WEIGHTS_FLOAT32
    case .bfloat16: CK_WEIGHTS_BFLOAT16
    case .int8: CK_WEIGHTS_INT8
    }
  }

  /// The bytes of one row; rows lie directly behind each other.
  func rowBytes(columns: Int) -> Int { ck_weight_row_bytes(format, columns) }
}

internal import CKernels

/// How a tensor's elements lie in memory.
///
/// What is computed is float32. Weights may be kept in one of the compact forms, of which a product reads half or
/// a quarter of the bytes: a compact tensor goes into `linear`, `embedding` and `headLogProbabilities` alone;
/// gradients of what it is multiplied with pass through it. One in bfloat16 may be a parameter: its own gradient
/// is float32, and an optimizer keeps what is too fine for it elsewhere.
///
/// A product takes its input in a form like the weights', so that the processor's own instructions apply, and
/// sums in float32: for bfloat16 weights the input is rounded to bfloat16; for int8 weights the rows of a small
/// product are rounded to blocks of 32 bytes with a scale each, those of a large one to bfloat16 where the
/// processor multiplies that and not at all elsewhere.
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

  /// How many rows lie together in memory: 1, or a panel of int8.
  var panelRows: Int { ck_weight_panel_rows(format) }
  /// The bytes of a panel; panels lie directly behind each other.
  func panelBytes(columns: Int) -> Int { ck_weight_panel_bytes(format, columns) }
  /// The shape in bytes of a matrix in this form: [panels, bytes of a panel].
  func storedShape(of shape: [Int]) -> [Int] {
    [panels(rows: shape[0]), panelBytes(columns: shape.dropFirst().reduce(1, *))]
  }
  /// The panels of a matrix, the last of which may be filled up with rows of zeros.
  func panels(rows: Int) -> Int { (rows + panelRows - 1) / panelRows }
}

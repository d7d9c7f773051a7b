import Tensors

/// The keys and values of every token computed so far, one pair of preallocated tensors a layer.
///
/// All sequences of a batch live in the same tensors, each in rows of its own; the segment layout says which
/// rows a query sees, so nothing is moved when sequences end.
final class KeyValueCache {
  private let keys: [Tensor]  // [capacity, kvHeads * headDim] each
  private let values: [Tensor]

  /// Rows for tokens.
  let capacity: Int

  /// - Parameters:
  ///   - dtype: float32, or on a GPU also bfloat16.
  ///   - device: the GPU whose memory it takes; nil for the processor's.
  init(layers: Int, capacity: Int, width: Int, dtype: DType = .float32, device: CUDADevice? = nil) {
    self.capacity = capacity
    // No row is read before it was written, so the processor's memory is taken as the rows are: answers may end early.
    func matrix() -> Tensor {
      device == nil
        ? Tensor(uninitialized: [capacity, width], sparse: true)
        : Tensor(uninitialized: [capacity, width], dtype: dtype, on: device)
    }
    keys = (0..<layers).map { _ in matrix() }
    values = (0..<layers).map { _ in matrix() }
  }

  /// Where a layer's keys and values are kept, those of an input in these rows.
  func place(layer: Int, rows: [Int]) -> KeptKeysAndValues {
    KeptKeysAndValues(keys: keys[layer], values: values[layer], rows: rows)
  }

  /// Writes neighbouring rows of one layer.
  func write(layer: Int, keys newKeys: Tensor, values newValues: Tensor, from row: Int) {
    keys[layer].writeRows(newKeys, from: row)
    values[layer].writeRows(newValues, from: row)
  }

  /// Ranges of rows, one behind the other, in float32 in memory of their own.
  func copies(of rows: [Range<Int>]) -> [(keys: Tensor, values: Tensor)] {
    func copy(_ tensor: Tensor) -> Tensor {
      tensor.dtype == .float32
        ? concatenatedRows(rows.map { slicedRows(tensor, $0) }) : gatherRows(tensor, rows.flatMap { $0 })
    }
    return zip(keys, values).map { (copy($0), copy($1)) }
  }
}

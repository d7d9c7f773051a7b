/// Where keys and values of past and present tokens are kept: those of row i of an input go to row `rows[i]`.
public struct KeptKeysAndValues {
  public let keys: Tensor
  public let values: Tensor
  public let rows: [Int]

  public init(keys: Tensor, values: Tensor, rows: [Int]) {
    self.keys = keys
    self.values = values
    self.rows = rows
  }
}

/// Queries, keys and values for an attention: what the layers made side by side, queries and keys turned by their
/// rotary positions.
///
/// - Parameters:
///   - projected: of one layer or three, [n, (heads + 2 · kvHeads) · headDim] in this order.
///   - cosines, sines: constants, [n, headDim].
///   - kept: where keys and values go to; absent: into memory of their own. Without gradients only.
/// - Returns: queries [n, heads · headDim] and keys and values [n, kvHeads · headDim], or all that are kept; on a GPU in
///   the form of what was projected.
public func queryKeyValue(
  _ projected: SideBySide, cosines: Tensor, sines: Tensor, heads: Int, kvHeads: Int,
  keeping kept: KeptKeysAndValues? = nil
) -> (query: Tensor, key: Tensor, value: Tensor) {
  switch projected {
  case .joined(let outputs):
    return outputs.device.queryKeyValue(
      outputs, cosines, sines, heads: heads, kvHeads: kvHeads, keeping: kept)
  case .apart(var parts):
    if parts.count == 1 {
      let width = cosines.columns
      parts = splitColumns(parts[0], widths: [heads * width, kvHeads * width, kvHeads * width])
    }
    let query = rotary(parts[0], cosines: cosines, sines: sines, heads: heads)
    let key = rotary(parts[1], cosines: cosines, sines: sines, heads: kvHeads)
    guard let kept else { return (query, key, parts[2]) }
    kept.keys.writeRows(key, at: kept.rows)
    kept.values.writeRows(parts[2], at: kept.rows)
    return (query, kept.keys, kept.values)
  }
}

import Tensors

/// A block of the trunk: attention inside windows and a feed-forward network, each behind a LayerNorm. The first
/// block of a stage halves the resolution by pooling its queries, and widens the features.
struct HieraBlock {
  private let norm1: LayerNorm
  private let norm2: LayerNorm
  private let queryKeyValue: Linear
  private let output: Linear
  private let mlp: FeedForward
  /// For the residual where the width changes.
  private let skip: Linear?
  private let width: Int  // of the result
  private let heads: Int
  /// The side of its windows; nil for the whole image.
  private let window: Int?
  private let halves: Bool

  init(
    _ parameters: Parameters, trunk: SegmenterConfiguration.Trunk, stage: Int, index: Int, isFirst: Bool
  ) throws {
    let opens = stage > 0 && isFirst
    let input = trunk.widths[opens ? stage - 1 : stage]
    width = trunk.widths[stage]
    heads = trunk.heads[stage]
    // The block that opens a stage still has the windows of the stage before.
    window = trunk.globalBlocks.contains(index) ? nil : trunk.windows[opens ? stage - 1 : stage]
    halves = opens
    norm1 = try parameters.norm("layer_norm1", width: input, epsilon: trunk.normEpsilon)
    norm2 = try parameters.norm("layer_norm2", width: width, epsilon: trunk.normEpsilon)
    queryKeyValue = try parameters.linear("attn.qkv", from: input, to: 3 * width)
    output = try parameters.linear("attn.proj", from: width, to: width)
    mlp = try FeedForward(
      parameters.below("mlp"), input: width, hidden: Int(Double(width) * trunk.mlpRatio), output: width,
      activation: gelu)
    skip = input == width ? nil : try parameters.linear("proj", from: input, to: width)
  }

  func callAsFunction(_ map: FeatureMap) throws -> FeatureMap {
    let normed = norm1(map.rows)  // [places, width before]
    var residual = map
    if let skip { residual = map.with(skip(normed)) }
    if halves { residual = residual.halved() }

    let windows = HieraWindows(
      height: map.height, width: map.width, side: window ?? max(map.height, map.width))
    let parts = splitColumns(queryKeyValue(windows.cut(normed)), widths: [width, width, width])
    let queries = halves ? largestOfRows(parts[0], windows.squares, size: 4) : parts[0]
    let attended = attention(
      queries, parts[1], parts[2], heads: heads, kvHeads: heads, scale: 1 / Float(width / heads).squareRoot(),
      layout: try windows.layout(halvedQueries: halves))
    let joined = (halves ? windows.halved : windows).joined(output(attended))

    let sum = add(residual.rows, joined)
    return residual.with(add(sum, mlp(norm2(sum))))
  }
}

import Tensors

/// What one pass through the decoder needs besides its input: where the rows stand and what they see.
struct DecoderPass {
  let angles: RotaryAngles
  let layout: SegmentLayout
  /// Where to keep keys and values: the cache and, for every row of the input, its row there. Without a
  /// cache the layout's keys are the rows of the input itself.
  let cache: (store: KeyValueCache, rows: [Int])?
  /// Keep only each layer's input for the backward pass, which computes the layer again.
  var recomputesLayers = false
}

/// One block of the decoder: grouped-query attention and a SwiGLU, each behind an RMSNorm.
struct DecoderLayer {
  private let inputNorm: Tensor  // [hidden]
  private let query: Linear
  private let key: Linear
  private let value: Linear
  private let output: Linear
  private let postAttentionNorm: Tensor  // [hidden]
  private let mlp: SwiGLU
  private let text: TextConfiguration
  private let index: Int

  init(_ scope: ParameterScope, text: TextConfiguration, index: Int) throws {
    let hidden = text.hiddenSize
    let keyWidth = text.keyValueHeads * text.headDimension
    let attention = scope.scope("self_attn")
    inputNorm = try scope.norm("input_layernorm", width: hidden)
    query = try attention.linear("q_proj", from: hidden, to: text.heads * text.headDimension, bias: true)
    key = try attention.linear("k_proj", from: hidden, to: keyWidth, bias: true)
    value = try attention.linear("v_proj", from: hidden, to: keyWidth, bias: true)
    output = try attention.linear(
      "o_proj", from: text.heads * text.headDimension, to: hidden, bias: false, role: .residualProjection)
    postAttentionNorm = try scope.norm("post_attention_layernorm", width: hidden)
    mlp = try SwiGLU(scope.scope("mlp"), width: hidden, intermediate: text.intermediateSize, bias: false)
    self.text = text
    self.index = index
  }

  /// - Parameter reading: rows to go on with after the attention; absent: all. The others still serve as keys
  ///   and values.
  func callAsFunction(_ x: Tensor, _ pass: DecoderPass, reading: [Int]? = nil) -> Tensor {
    let (epsilon, precision) = (Float(text.normEpsilon), query.weight.dtype)
    let normed = rmsNorm(x, weight: inputNorm, epsilon: epsilon, precision: precision)  // [rows, hidden]
    let (q, k, v) = queryKeyValue(
      Linear.outputs(of: [query, key, value], for: normed), cosines: pass.angles.cosines,
      sines: pass.angles.sines, heads: text.heads, kvHeads: text.keyValueHeads,
      keeping: pass.cache.map { $0.store.place(layer: index, rows: $0.rows) })
    var attended = attention(
      q, k, v, heads: text.heads, kvHeads: text.keyValueHeads,
      scale: 1 / Float(text.headDimension).squareRoot(), layout: pass.layout,
      precision: precision)  // [rows, heads * headDim]
    var residual = x
    if let reading {
      attended = gatherRows(attended, reading)
      residual = gatherRows(residual, reading)
    }
    residual = output(attended, addedTo: residual)
    return mlp(
      rmsNorm(residual, weight: postAttentionNorm, epsilon: epsilon, precision: precision), addedTo: residual)
  }
}

import Tensors

/// One block of the vision tower: attention inside windows or whole images, and a SwiGLU with biases.
struct VisionBlock {
  private let norm1: Tensor  // [hidden]
  private let norm2: Tensor  // [hidden]
  private let queryKeyValue: Linear  // one projection to 3 * hidden
  private let output: Linear
  private let mlp: SwiGLU
  private let vision: VisionConfiguration

  init(_ scope: ParameterScope, vision: VisionConfiguration) throws {
    self.vision = vision
    let width = vision.hiddenSize
    norm1 = try scope.norm("norm1", width: width)
    norm2 = try scope.norm("norm2", width: width)
    queryKeyValue = try scope.linear("attn.qkv", from: width, to: 3 * width, bias: true)
    output = try scope.linear("attn.proj", from: width, to: width, bias: true, role: .residualProjection)
    mlp = try SwiGLU(scope.scope("mlp"), width: width, intermediate: vision.intermediateSize, bias: true)
  }

  func callAsFunction(_ x: Tensor, angles: RotaryAngles, layout: SegmentLayout) -> Tensor {
    let (width, heads, epsilon) = (vision.hiddenSize, vision.heads, Float(vision.normEpsilon))
    let joined = queryKeyValue(rmsNorm(x, weight: norm1, epsilon: epsilon))  // [patches, 3 * hidden]
    let parts = splitColumns(joined, widths: [width, width, width])
    let q = rotary(parts[0], cosines: angles.cosines, sines: angles.sines, heads: heads)
    let k = rotary(parts[1], cosines: angles.cosines, sines: angles.sines, heads: heads)
    let attended = attention(
      q, k, parts[2], heads: heads, kvHeads: heads,
      scale: 1 / Float(vision.headDimension).squareRoot(), layout: layout,
      precision: queryKeyValue.weight.dtype)
    let residual = add(x, output(attended))
    return add(residual, mlp(rmsNorm(residual, weight: norm2, epsilon: epsilon)))
  }
}

/// Joins the patches of a unit into one image token of the decoder's width.
struct PatchMerger {
  private let norm: Tensor  // [vision hidden]
  private let first: Linear
  private let second: Linear
  private let epsilon: Float
  private let width: Int  // of a unit: merge² patches side by side

  init(_ scope: ParameterScope, vision: VisionConfiguration) throws {
    epsilon = Float(vision.normEpsilon)
    width = vision.hiddenSize * vision.mergeSize * vision.mergeSize
    norm = try scope.norm("ln_q", width: vision.hiddenSize)
    first = try scope.linear("mlp.0", from: width, to: width, bias: true)
    second = try scope.linear("mlp.2", from: width, to: vision.outputSize, bias: true)
  }

  /// [patches, vision hidden] → [patches / merge², decoder hidden]
  func callAsFunction(_ x: Tensor) -> Tensor {
    let normed = rmsNorm(x, weight: norm, epsilon: epsilon)
    return second(gelu(first(normed.reshaped([x.count / width, width]))))
  }
}

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
    let (heads, epsilon) = (vision.heads, Float(vision.normEpsilon))
    let precision = queryKeyValue.weight.dtype
    let normed = rmsNorm(x, weight: norm1, epsilon: epsilon, precision: precision)
    let (q, k, v) = Tensors.queryKeyValue(
      Linear.outputs(of: [queryKeyValue], for: normed), cosines: angles.cosines, sines: angles.sines,
      heads: heads, kvHeads: heads)
    let attended = attention(
      q, k, v, heads: heads, kvHeads: heads,
      scale: 1 / Float(vision.headDimension).squareRoot(), layout: layout, precision: precision)
    let residual = output(attended, addedTo: x)
    return mlp(
      rmsNorm(residual, weight: norm2, epsilon: epsilon, precision: precision), addedTo: residual)
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

/// The outputs of several layers in one matrix on a GPU, [n, Σ out] in the form of the weights.
public struct JoinedOutputs {
  let matrix: Tensor
  /// For whoever takes the matrix apart to add; of a layer without one there is none.
  let biases: [Tensor?]
  let device: CUDADevice
}

/// What several layers make of one x, before it is taken apart.
public enum SideBySide {
  /// On a GPU, where one product makes it.
  case joined(JoinedOutputs)
  /// In the processor's memory: what each layer makes, [n, out], its bias included.
  case apart([Tensor])

  /// - Precondition: all weights are in the same form.
  public init(_ x: Tensor, _ layers: [(weight: Tensor, bias: Tensor?)]) {
    guard let device = x.device else {
      self = .apart(linear(x, layers))
      return
    }
    precondition(
      layers.allSatisfy { $0.weight.dtype == layers[0].weight.dtype && $0.weight.columns == x.columns },
      "layers side by side with weights of different forms, or not for \(x.columns) columns")
    self = .joined(
      JoinedOutputs(
        matrix: device.joinedLinear(x, layers.map(\.weight)), biases: layers.map(\.bias), device: device))
  }

  /// With a low-rank update of the layer whose outputs are `columns` of all, which is the layer `index`.
  public func adding(_ update: LowRankUpdate, of x: Tensor, to columns: Range<Int>, _ index: Int)
    -> SideBySide
  {
    switch self {
    case .joined(let outputs):
      return .joined(
        JoinedOutputs(
          matrix: outputs.device.adding(update, of: x, to: outputs.matrix, columns: columns),
          biases: outputs.biases, device: outputs.device))
    case .apart(var parts):
      parts[index] = Tensors.adding(update, of: x, to: parts[index])
      return .apart(parts)
    }
  }
}

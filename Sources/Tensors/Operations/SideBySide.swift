/// The outputs of several layers in one matrix on a GPU, [n, Σ out] in the form of the weights.
public struct JoinedOutputs {
  enum Form {
    /// Not computed yet: x through these weights. Whoever takes the outputs apart may do it on the way.
    case layers(Tensor, [Tensor])
    case matrix(Tensor)
  }

  let form: Form
  /// For whoever takes the matrix apart to add; of a layer without one there is none.
  let biases: [Tensor?]
  let device: CUDADevice

  /// Computes the matrix where it is not there yet.
  func matrix() -> Tensor {
    switch form {
    case .layers(let x, let weights): device.joinedLinear(x, weights)
    case .matrix(let matrix): matrix
    }
  }

  var rows: Int {
    switch form {
    case .layers(let x, _): x.rows
    case .matrix(let matrix): matrix.rows
    }
  }

  var columns: Int {
    switch form {
    case .layers(_, let weights): weights.reduce(0) { $0 + $1.shape[0] }
    case .matrix(let matrix): matrix.columns
    }
  }
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
        form: .layers(x, layers.map(\.weight)), biases: layers.map(\.bias), device: device))
  }

  /// With a low-rank update of the layer whose outputs are `columns` of all, which is the layer `index`.
  public func adding(_ update: LowRankUpdate, of x: Tensor, to columns: Range<Int>, _ index: Int)
    -> SideBySide
  {
    switch self {
    case .joined(let outputs):
      return .joined(
        JoinedOutputs(
          form: .matrix(outputs.device.adding(update, of: x, to: outputs.matrix(), columns: columns)),
          biases: outputs.biases, device: outputs.device))
    case .apart(var parts):
      parts[index] = Tensors.adding(update, of: x, to: parts[index])
      return .apart(parts)
    }
  }
}

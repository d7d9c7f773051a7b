import Tensors

/// An operation on random inputs, to be computed twice.
struct OperationCase {
  let name: String
  /// The shapes of its inputs.
  let shapes: [[Int]]
  /// Inputs that are kept in bfloat16.
  var narrow: Set<Int> = []
  /// Whether all inputs are numbers that bfloat16 holds, so that rounding them changes nothing.
  var isRound = false
  /// Whether gradients are compared too.
  var hasGradients = true
  /// Whether the device computes it in a step that is recorded and replayed, see `StepGraph`.
  var isStep = false
  /// What rounding allows: float32 sums in another order, or products of numbers in bfloat16.
  var limit = 2e-5
  let body: ([Tensor]) -> Tensor

  /// The result and the gradients of all inputs on a device.
  private func results(on device: CUDADevice?, _ values: [[Float]], seed: [Float]) -> [[Float]] {
    let inputs = zip(values, shapes).enumerated().map { index, input in
      let tensor = Tensor(input.0, shape: input.1)
      guard narrow.contains(index) else { return placed(tensor, on: device) }
      let matrix = Tensor(uninitialized: input.1, dtype: .bfloat16, on: nil)
      matrix.copyInPlace(rounding: tensor)
      return placed(matrix, on: device)
    }
    let graph = isStep ? device.map { StepGraph(on: $0) } : nil
    if let graph { _ = graph.run { body(inputs) } }
    let result = graph?.run { body(inputs) } ?? body(inputs)
    guard hasGradients else { return [result.values] }
    weightedSum(result, weights: (0..<result.count).map { seed[$0 % seed.count] }).backward()
    return [result.values] + inputs.map { $0.gradient?.values ?? [] }
  }

  private func placed(_ tensor: Tensor, on device: CUDADevice?) -> Tensor {
    let moved = tensor.moved(to: device)
    return hasGradients ? moved.asParameter() : moved
  }

  func check(on device: CUDADevice) throws -> CheckResult {
    var numbers = CheckNumbers(seed: name.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) })
    let values = shapes.map { shape in
      numbers.next(shape.reduce(1, *)).map { isRound ? Float(bitPattern: $0.bitPattern & 0xFFFF_0000) : $0 }
    }
    let seed = numbers.next(4093)
    let expected = results(on: nil, values, seed: seed)
    let found = results(on: device, values, seed: seed)
    try device.check()
    let error = zip(found, expected).map { CheckResult.distance($0, $1) }.max() ?? .infinity
    return CheckResult(name: name, error: error, limit: limit)
  }
}

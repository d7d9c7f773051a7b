extension Tensor {
  /// Adds the derivative of this scalar by every parameter it was computed from to the parameter's
  /// `gradient`, and frees the graph on the way: it can be walked once.
  public func backward() {
    precondition(count == 1, "backward of a tensor of shape \(shape): sum it to a scalar first")
    precondition(requiresGradient, "backward of a value that no parameter took part in")
    backward(from: Tensor([1], shape: shape).moved(to: device))
  }

  /// The same for the scalar Σ seed · self, of which this tensor's gradient is `seed`.
  /// - Parameter isShared: the seed is somebody else's too, and stays as it is.
  func backward(from seed: Tensor, isShared: Bool = true) {
    guard requiresGradient else { return }
    if isParameter {
      if let gradient { gradient.addInPlace(seed) } else { gradient = seed.copied() }
      return
    }
    gradient = seed
    gradientIsShared = isShared
    var order = Self.inputsBeforeOutputs(of: self)
    // Dropping each tensor when it is done frees its activations while the pass goes on.
    while let tensor = order.popLast() {
      guard let node = tensor.node else { continue }
      if let gradient = tensor.gradient {
        let isShared = tensor.gradientIsShared
        tensor.zeroGradient()
        guard let backward = node.backward else {
          preconditionFailure("backward through a graph that an earlier backward has freed")
        }
        backward(BackwardStep(inputs: node.inputs, gradient: gradient, gradientIsShared: isShared))
      }
      node.release()
    }
  }

  /// Every tensor with history that `root` depends on, inputs first; without recursion, graphs are deep.
  private static func inputsBeforeOutputs(of root: Tensor) -> [Tensor] {
    var order: [Tensor] = []
    var path: [(tensor: Tensor, next: Int)] = [(root, 0)]
    root.node?.isVisited = true
    while let last = path.last {
      let inputs = last.tensor.node?.inputs ?? []
      if last.next < inputs.count {
        path[path.count - 1].next += 1
        let input = inputs[last.next]
        if let node = input.node, !node.isVisited {
          node.isVisited = true
          path.append((input, 0))
        }
      } else {
        order.append(last.tensor)
        path.removeLast()
      }
    }
    return order
  }
}

internal import CKernels

/// What an operation's backward function works with: the gradient of its output, and the places where the
/// gradients of its inputs are summed up.
struct BackwardStep {
  let inputs: [Tensor]
  /// The gradient of the output; read only.
  let gradient: Tensor
  /// Its memory is also another tensor's gradient.
  let gradientIsShared: Bool

  func needs(_ index: Int) -> Bool { inputs[index].requiresGradient }

  /// Adds `gradient`, fresh memory that nobody else holds, to input `index`.
  func give(_ gradient: Tensor, to index: Int) {
    let input = inputs[index]
    guard input.requiresGradient else { return }
    if input.gradient == nil {
      input.gradient = gradient.shape == input.shape ? gradient : gradient.detachedReshaped(input.shape)
      input.gradientIsShared = false
    } else {
      input.ownedGradient().addInPlace(gradient)
    }
  }

  /// Adds `gradient`, memory that others read too, to input `index`.
  func share(_ gradient: Tensor, with index: Int) {
    let input = inputs[index]
    guard input.requiresGradient else { return }
    if input.gradient != nil {
      input.ownedGradient().addInPlace(gradient)
    } else if input.isParameter {
      input.gradient = gradient.copied().detachedReshaped(input.shape)
      input.gradientIsShared = false
    } else {
      input.gradient = gradient.detachedReshaped(input.shape)
      input.gradientIsShared = true
    }
  }

  /// Adds the gradient of the output itself to input `index`, as the last thing this step does with it.
  func handOn(to index: Int) {
    let input = inputs[index]
    guard input.requiresGradient else { return }
    if input.gradient != nil || input.isParameter { return share(gradient, with: index) }
    input.gradient = gradient.detachedReshaped(input.shape)
    input.gradientIsShared = gradientIsShared
  }

  /// Lets `body` add to the gradient of input `index` in place. `beta` is 0 if the memory is uninitialised
  /// and must be overwritten as a whole, and 1 if it holds a sum to be added to.
  func accumulate(_ index: Int, _ body: (_ gradient: Tensor, _ beta: Float) -> Void) {
    let input = inputs[index]
    guard input.requiresGradient else { return }
    if input.gradient == nil {
      // On a GPU what passes through the network in bfloat16 has its gradient in it too; parameters have float32 ones.
      let isNarrow = input.device != nil && !input.isParameter
      let fresh = Tensor(
        uninitialized: input.shape, dtype: isNarrow ? input.dtype : .float32, on: input.device)
      body(fresh, 0)
      input.gradient = fresh
      input.gradientIsShared = false
    } else {
      body(input.ownedGradient(), 1)
    }
  }

  /// As `accumulate`, but fresh memory is cleared first, for operations that touch only some elements.
  func accumulateSparsely(_ index: Int, _ body: (_ gradient: Tensor) -> Void) {
    accumulate(index) { gradient, beta in
      if beta == 0 { gradient.clearInPlace() }
      body(gradient)
    }
  }
}

extension Tensor {
  /// The gradient in memory that only this tensor's gradient uses.
  fileprivate func ownedGradient() -> Tensor {
    guard let gradient else { preconditionFailure("a gradient is added to before it exists") }
    if !gradientIsShared { return gradient }
    let copy = gradient.copied()
    self.gradient = copy
    gradientIsShared = false
    return copy
  }

  func detachedReshaped(_ shape: [Int]) -> Tensor {
    if dtype == .float32 { return Tensor(storage: storage, offset: offset, shape: shape) }
    precondition(
      shape.first == self.shape.first, "a tensor in \(dtype) keeps its \(self.shape[0]) rows, not \(shape)")
    return Tensor(compact: dtype, storage: storage, shape: shape)
  }
}

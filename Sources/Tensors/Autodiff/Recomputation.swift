/// `body(x)` without keeping what happens inside it: the backward pass computes it a second time.
///
/// This trades one more forward computation for the memory of everything between x and the result. The values
/// and gradients are those of `body(x)` itself, bit by bit, as the same operations run in the same order; only
/// where x has further uses, the sum of its gradients over them is taken in another order.
///
/// - Parameter body: computes the same function each time it is called; it may use parameters and constants,
///   but must not close over tensors with a history of their own, whose gradients would be lost.
public func recomputed(_ x: Tensor, _ body: @escaping (Tensor) -> Tensor) -> Tensor {
  // Parameters inside the body make it record; that graph is dropped here, with all it holds.
  let once = body(x.detached())
  let y = once.detached()
  guard x.requiresGradient || once.requiresGradient else { return y }
  y.node = Node(inputs: [x]) { step in
    let leaf = step.needs(0) ? step.inputs[0].asParameter() : step.inputs[0].detached()
    body(leaf).backward(from: step.gradient, isShared: step.gradientIsShared)
    if let gradient = leaf.gradient { step.give(gradient, to: 0) }
  }
  return y
}

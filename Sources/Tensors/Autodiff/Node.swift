/// How a tensor was computed: its inputs, and the function that turns its gradient into theirs.
///
/// The backward function must not hold inputs that have a history themselves (it gets them from the node);
/// it may hold detached copies, which share memory.
final class Node {
  private(set) var inputs: [Tensor]
  private(set) var backward: ((BackwardStep) -> Void)?
  /// Set while a backward pass orders the graph.
  var isVisited = false

  init(inputs: [Tensor], backward: @escaping (BackwardStep) -> Void) {
    self.inputs = inputs
    self.backward = backward
  }

  /// Lets go of the inputs and of everything kept for the backward function.
  func release() {
    inputs = []
    backward = nil
  }

  /// A graph that is dropped without a backward pass is a long chain of last references: taken apart in a
  /// loop, because nested destruction would need a stack as deep as the graph.
  deinit {
    backward = nil
    var pending = inputs
    inputs = []
    while var tensor = pending.popLast() {
      guard isKnownUniquelyReferenced(&tensor), var node = tensor.node else { continue }
      tensor.node = nil
      if isKnownUniquelyReferenced(&node) {
        pending.append(contentsOf: node.inputs)
        node.release()
      }
    }
  }
}

extension Tensor {
  /// Remembers `inputs` and `backward` if any input requires gradients. Called on fresh results only.
  func recording(_ inputs: [Tensor], _ backward: @escaping (BackwardStep) -> Void) -> Tensor {
    for input in inputs where input.requiresGradient {
      node = Node(inputs: inputs, backward: backward)
      break
    }
    return self
  }
}

extension Tensor {
  /// Lends a parameter's gradient for changing it in place: zeros where nothing was added yet, in memory of its own.
  package func withOwnGradient<R>(_ body: (Tensor) throws -> R) rethrows -> R {
    let own: Tensor
    if let gradient {
      own = gradientIsShared ? gradient.copied() : gradient
    } else {
      own = .zeros(shape, on: device)
    }
    gradient = own
    gradientIsShared = false
    return try body(own)
  }
}

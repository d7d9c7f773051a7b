/// A parameter as the layer that owns it declares it: the one place where its name and shape are written.
package struct ParameterDeclaration: Sendable {
  /// What a parameter does; decides how a fresh one is drawn.
  package enum Role: Sendable {
    case embedding
    case projection
    /// A projection whose output is added to the residual stream.
    case residualProjection
    case bias
    case norm
  }

  /// The name under which transformers 4.52 and later store it.
  package let name: String
  package let shape: [Int]
  package let role: Role

  /// The name in the published checkpoints and in those of earlier transformers.
  package var publishedName: String {
    if let rest = name.droppingPrefix("model.language_model.") { return "model." + rest }
    if let rest = name.droppingPrefix("model.visual.") { return "visual." + rest }
    return name
  }

  package var isVision: Bool { name.hasPrefix("model.visual.") }
}

extension String {
  fileprivate func droppingPrefix(_ prefix: String) -> Substring? {
    hasPrefix(prefix) ? dropFirst(prefix.count) : nil
  }
}

import Tensors

/// Hands the layers their parameters while a model is put together.
///
/// The same declarations serve loading, random initialisation and views of an existing model; these differ
/// only in where `take` finds the tensor. An adapter's matrices belong to no declaration: the projections they
/// change take them along.
struct ParameterScope {
  private let prefix: String
  private let adapter: LoRAAdapter?
  private let take: (ParameterDeclaration) throws -> Tensor

  init(
    prefix: String = "", adapter: LoRAAdapter? = nil, take: @escaping (ParameterDeclaration) throws -> Tensor
  ) {
    self.prefix = prefix
    self.adapter = adapter
    self.take = take
  }

  /// The parameters below a name.
  func scope(_ name: String) -> ParameterScope {
    ParameterScope(prefix: prefix + name + ".", adapter: adapter, take: take)
  }

  func parameter(_ name: String, _ shape: [Int], _ role: ParameterDeclaration.Role) throws -> Tensor {
    try take(ParameterDeclaration(name: prefix + name, shape: shape, role: role))
  }

  func norm(_ name: String, width: Int) throws -> Tensor {
    try parameter(name + ".weight", [width], .norm)
  }

  func linear(
    _ name: String, from input: Int, to output: Int, bias: Bool,
    role: ParameterDeclaration.Role = .projection
  ) throws -> Linear {
    Linear(
      weight: try parameter(name + ".weight", [output, input], role),
      bias: bias ? try parameter(name + ".bias", [output], .bias) : nil,
      update: adapter?.updates[prefix + name])
  }
}

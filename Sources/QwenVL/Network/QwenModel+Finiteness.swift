import Tensors

extension QwenModel {
  /// The result itself if all of it is finite. Weights are not read before they are used, so one that is not a
  /// number shows here first.
  ///
  /// - Throws: ``ModelError`` naming the tensor with the value at fault, or saying that no single one is.
  func finite(_ result: Tensor, _ what: String) throws -> Tensor {
    guard result.isFinite else { throw notFinite(what) }
    return result
  }

  /// The error for a result that is not finite: a failure of the GPU, or damaged weights.
  func notFinite(_ what: String) -> any Error {
    // What could not be computed on a GPU is no number.
    do { try device?.check() } catch { return error }
    let place = sourceFolder.map { "\($0): " } ?? ""
    let all = parameters + (adapter?.parameters ?? [])
    if let broken = all.first(where: { !$0.tensor.inFloat32().isFinite }) {
      return ModelError.file(
        "\(place)tensor \(broken.name) holds a value that is not a finite number; the weights are damaged or their "
          + "training diverged")
    }
    return ModelError.invalid(
      "\(place)the \(what) are not finite numbers, though all weights are: they are too large to compute with"
    )
  }
}

internal import Tensors
internal import WorkerRuntime

/// The GPUs that the models of one thread compute on, each opened when it is first asked for.
struct GPUs {
  private var opened: [Int: CUDADevice] = [:]

  /// - Parameter index: nil for the processor.
  /// - Throws: `TaskError` that says what is missing: another worker may have it.
  mutating func device(_ index: Int?) throws -> CUDADevice? {
    guard let index else { return nil }
    if let device = opened[index] { return device }
    do {
      let device = try CUDADevice(index: index)
      opened[index] = device
      return device
    } catch {
      throw TaskError(error)
    }
  }

  /// Whether nothing of this process may stay on a device after an error: it has failed for good, whatever the error was
  /// turned into on its way, or its memory did not suffice.
  func isLost(_ index: Int?, after error: any Error) -> Bool {
    guard let device = index.flatMap({ opened[$0] }) else { return false }
    let isFull = (error as? TaskError)?.failure.failureClass == .outOfMemory
    guard !(error is CUDAError), !isFull else { return true }
    do {
      try device.check()
      return false
    } catch {
      return true
    }
  }

  /// Lets go of a device that failed, which nothing can be computed with any more, so that it is opened anew.
  mutating func forget(_ index: Int?) {
    if let index { opened[index] = nil }
  }
}

extension TaskError {
  /// What a GPU could not do: too little memory is a class of its own, anything else may work elsewhere.
  init(_ error: CUDAError) {
    self.init(error.kind == .outOfMemory ? .outOfMemory : .transient, error.reason)
  }
}

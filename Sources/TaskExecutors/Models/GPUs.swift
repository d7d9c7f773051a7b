package import Tensors
internal import WorkerRuntime

/// The GPUs that the models of one thread compute on, each opened when it is first asked for.
package struct GPUs {
  private var opened: [Int: CUDADevice] = [:]
  /// Those that could not be opened when they were asked for last.
  private var refused: Set<Int> = []
  private let open: (Int) throws(CUDAError) -> CUDADevice

  package init(open: @escaping (Int) throws(CUDAError) -> CUDADevice = GPUs.ofThisMachine) {
    self.open = open
  }

  package static func ofThisMachine(_ index: Int) throws(CUDAError) -> CUDADevice {
    try CUDADevice(index: index)
  }

  /// - Parameter index: nil for the processor.
  /// - Throws: `TaskError` that says what is missing: another worker may have it.
  package mutating func device(_ index: Int?) throws -> CUDADevice? {
    guard let index else { return nil }
    if let device = opened[index] { return device }
    do {
      let device = try open(index)
      opened[index] = device
      refused.remove(index)
      return device
    } catch {
      refused.insert(index)
      throw TaskError(error)
    }
  }

  /// Bytes that tensors take on a device by way of this thread; none on one that is not open, nor on the processor.
  package func bytes(on index: Int?) -> Int { index.flatMap { opened[$0] }?.tensorBytes ?? 0 }

  /// Whether nothing of this process may stay on a device after a task that ended early: it could not be opened, it has
  /// failed for good, whatever the error was turned into on its way, or its memory did not suffice.
  /// - Parameter error: nil after a cancellation.
  package func isLost(_ index: Int?, after error: (any Error)?) -> Bool {
    guard let index else { return false }
    guard let device = opened[index] else { return refused.contains(index) }
    let isFull = (error as? TaskError)?.failure.failureClass == .outOfMemory
    guard !(error is CUDAError), !isFull else { return true }
    do {
      try device.check()
      return false
    } catch {
      return true
    }
  }

  /// Lets go of a device, with all that this thread still holds there, so that it is opened anew. Its models have been
  /// let go of before.
  /// - Returns: the bytes that were held all the same.
  package mutating func close(_ index: Int?) -> Int {
    index.flatMap { opened.removeValue(forKey: $0) }?.close() ?? 0
  }

  /// Closes the device of a task that has ended, whose models have been let go of.
  /// - Parameter error: why it ended; nil for one that was cancelled or is done.
  /// - Returns: why the device has to prove itself before another task gets it; nil when it need not.
  package mutating func closeReason(_ index: Int?, after error: (any Error)?) -> String? {
    let isLost = isLost(index, after: error)
    let left = close(index)
    if let index { refused.remove(index) }
    if left > 0 { return "\(left) bytes of a task that has ended were still allocated" }
    return isLost ? error.map { "\($0)" } ?? "a call had failed" : nil
  }
}

extension TaskError {
  /// What a GPU could not do: too little memory is a class of its own, anything else may work elsewhere.
  init(_ error: CUDAError) {
    self.init(error.kind == .outOfMemory ? .outOfMemory : .transient, error.reason)
  }
}

extension TaskContext {
  /// Computes for the task. Where it fails or has been cancelled, `clear` takes away what it left on its GPU.
  /// - Parameter clear: is given the error; nil after a cancellation.
  func compute<Value>(_ body: () throws -> Value, clear: ((any Error)?) -> Void) throws -> Value {
    do {
      let value = try body()
      if isCancelled { clear(nil) }
      return value
    } catch {
      clear(error)
      if let error = error as? CUDAError { throw TaskError(error) }
      throw error
    }
  }
}

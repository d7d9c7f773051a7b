internal import CCUDA

/// A kernel and the shared memory it has been allowed.
struct KernelFunction {
  let pointer: UnsafeMutableRawPointer?
  var memory = 48 << 10
}

/// Kernels, and everything else that is started in the order of the stream.
extension CUDADevice {
  /// What a kernel is given. Memory is named by who owns it, which lives until the kernel has been started: released
  /// before, it might be someone else's by then.
  enum Argument {
    /// From a byte on.
    case memory(Storage, Int)
    case numbers(KeptNumbers)
    case absent
    case int(Int)
    case count(Int)
    case float(Float)

    static func storage(_ storage: Storage) -> Argument { .memory(storage, 0) }
    /// - Parameter start: the element to begin with.
    static func tensor(_ tensor: Tensor, from start: Int = 0) -> Argument {
      .memory(tensor.storage, 4 * tensor.offset + (tensor.dtype == .bfloat16 ? 2 : 4) * start)
    }
    static func tensor(_ tensor: Tensor?, from start: Int = 0) -> Argument {
      tensor.map { .tensor($0, from: start) } ?? .absent
    }

    /// In the low bytes, also what is shorter.
    var bits: UInt64 {
      switch self {
      case .memory(let storage, let offset): storage.address + UInt64(offset)
      case .numbers(let numbers): numbers.address
      case .absent: 0
      case .int(let value): UInt64(UInt32(bitPattern: Int32(value)))
      case .count(let value): UInt64(bitPattern: Int64(value))
      case .float(let value): UInt64(value.bitPattern)
      }
    }
  }

  /// Starts `blocks` × `height` blocks of a kernel.
  /// - Parameter memory: bytes of shared memory for each block.
  func launch(
    _ kernel: String, blocks: Int, height: Int = 1, threads: Int = 256, memory: Int = 0,
    _ arguments: Argument...
  ) {
    start(kernel, blocks: blocks, height: height, threads: threads, memory: memory, arguments)
  }

  func start(
    _ kernel: String, blocks: Int, height: Int = 1, threads: Int = 256, memory: Int = 0,
    _ arguments: [Argument]
  ) {
    guard failure == nil, blocks > 0, height > 0 else { return }
    withExtendedLifetime(arguments) {
      ask(
        .launch(
          KernelLaunch(
            kernel: kernel, blocks: blocks, height: height, threads: threads, memory: memory,
            arguments: arguments.map(\.bits))))
    }
  }

  // MARK: Calls

  /// Makes a call, in a step whose calls are only compared not.
  func ask(_ call: DeviceCall) {
    finishHeld()
    let isFirst = step?.isBeginning ?? false
    if step?.admits(call) ?? true { issue(call, isFirst: isFirst) }
  }

  /// - Parameter isFirst: of a step: it waits for everything before it, whatever it is.
  private func issue(_ call: DeviceCall, isFirst: Bool = false) {
    switch call {
    case .launch(let launch): issue(launch, follows: !isFirst)
    case .multiply(let shape, let places): issue(shape, places)
    case .copy(let source, let bytes, let target):
      perform("copying \(bytes) bytes") { $0.copy(target, source, bytes, stream) }
    case .clear(let target, let bytes):
      perform("clearing \(bytes) bytes") { $0.fill(target, 0, bytes, stream) }
    case .upload: preconditionFailure("an upload is made where its bytes are")
    }
  }

  /// - Parameter follows: it may be launched before the one before it has ended, if it is made so.
  private func issue(_ launch: KernelLaunch, follows: Bool) {
    guard let function = function(launch.kernel, memory: launch.memory) else { return }
    var values = launch.arguments
    values.withUnsafeMutableBufferPointer { values in
      withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: values.count) { places in
        for i in values.indices { places[i] = UnsafeMutableRawPointer(values.baseAddress.map { $0 + i }) }
        // As soon as the blocks of the one before have begun, its own may be made ready.
        var attribute = ar1_cuda_launch_attribute()
        attribute.attribute = Attribute.programmaticSerialization
        attribute.value.0 = 1
        let follows = follows && architecture >= 90 && Self.followers.contains(launch.kernel)
        _ = withUnsafeMutablePointer(to: &attribute) { attribute in
          var configuration = ar1_cuda_launch(
            grid: (UInt32(launch.blocks), UInt32(launch.height), 1), block: (UInt32(launch.threads), 1, 1),
            shared_bytes: UInt32(launch.memory), stream: stream, attributes: follows ? attribute : nil,
            attribute_count: follows ? 1 : 0)
          return perform("kernel \(launch.kernel)") {
            $0.launch(&configuration, function, places.baseAddress, nil)
          }
        }
      }
    }
  }

  /// Kernels that begin with `follow_previous`, see kernels/blocks.cuh.
  private static let followers: Set<String> = {
    var names: Set = ["draw_tokens", "rms_norm_of_parts", "query_key_value_of_parts"]
    for name in ["rms_norm", "query_key_value", "swiglu", "attention_combine"] {
      names.formUnion([name, name + "_narrow"])
    }
    for width in [64, 80, 128] {
      names.formUnion([64, 128].map { rows in "attention_tensor_\(width)_\(rows)" })
    }
    for rows in ThinTiling.kernelRows { names.formUnion(["thin_product_\(rows)", "thin_swiglu_\(rows)"]) }
    return names
  }()

  // MARK: Steps

  /// Runs a step's body.
  func following<Result>(_ step: DeviceStep, _ body: () -> Result) -> (Result, DeviceStep) {
    precondition(self.step == nil, "a step within a step")
    self.step = step
    defer { self.step = nil }
    let result = body()
    finishHeld()
    return (result, step)
  }

  /// The calls, uploads excepted, as one graph; nil when it cannot be made.
  func graph(of calls: [DeviceCall]) -> UnsafeMutableRawPointer? {
    // Other threads go on with what they do.
    guard perform("a recording", { $0.stream_capture(stream, 1) }) else { return nil }
    for (index, call) in calls.filter({ !$0.isUpload }).enumerated() { issue(call, isFirst: index == 0) }
    var (graph, executable): (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) = (nil, nil)
    // Also after a failure: the stream must not stay in this state.
    let ended = libraries.driver.stream_capture_end(stream, &graph)
    guard perform("the end of a recording", { _ in ended }) else { return nil }
    perform("a graph of \(calls.count) calls") { $0.graph_make(&executable, graph, 0) }
    _ = libraries.driver.graph_release(graph)
    return executable
  }

  func release(graph: UnsafeMutableRawPointer) {
    // The context it belonged to may be gone with the device.
    if isClosed { return }
    _ = libraries.driver.context_use(context)
    _ = libraries.driver.graph_executable_release(graph)
  }

  private func function(_ name: String, memory: Int) -> UnsafeMutableRawPointer? {
    if functions[name] == nil {
      var pointer: UnsafeMutableRawPointer?
      guard
        perform("kernel \(name) is missing", { $0.module_function(&pointer, module, name) })
      else { return nil }
      // The same division of a multiprocessor's memory for all: changing it between two kernels takes time.
      guard perform("the memory of \(name)", { $0.function_set(pointer, Attribute.carveout, 100) }) else {
        return nil
      }
      functions[name] = KernelFunction(pointer: pointer)
    }
    guard let function = functions[name] else { return nil }
    if memory > function.memory {
      guard
        perform(
          "\(memory) bytes of shared memory for \(name)",
          { $0.function_set(function.pointer, Attribute.sharedMemoryOfFunction, Int32(memory)) })
      else { return nil }
      functions[name]?.memory = memory
    }
    return function.pointer
  }

  /// Blocks of 256 threads for a kernel that goes over `count` elements in strides.
  static func blocks(for count: Int) -> Int { min((count + 255) / 256, 4096) }
}

internal import CCUDA

/// A step that is taken again and again with other numbers, such as the next token of every sequence: its calls are
/// recorded once and then replayed as one graph, which costs the processor one launch instead of many.
///
/// The first time, the step's body runs as it always does, and what it asks of the device is written down; its memory
/// comes from an arena that stays. Every further time the body runs without anything being started: each of its calls
/// is compared with the recorded one. When all are the same, the numbers it uploads are put in place and the graph
/// is launched; when one differs (a sequence has ended, a table has grown), the step is recorded anew. So a replay
/// computes what the body asks for, or is not made.
package final class StepGraph {
  private let device: CUDADevice
  private var recorded: [DeviceCall] = []
  private var memory = StepMemory()
  private var executable: UnsafeMutableRawPointer?
  /// Steps that were launched as a graph.
  package private(set) var replays = 0

  package init(on device: CUDADevice) {
    self.device = device
  }

  deinit { forget() }

  /// The result of `body`, which stays as it is until the next step.
  /// - Parameter body: starts the same work however often it is called, and reads nothing back.
  package func run(_ body: () -> Tensor) -> Tensor {
    if !recorded.isEmpty {
      let (result, step) = device.following(DeviceStep(comparing: recorded, memory), body)
      if step.isSame, launch(step.uploads) {
        replays += 1
        return result
      }
    }
    forget()
    let (result, step) = device.following(DeviceStep(recording: memory), body)
    recorded = step.calls
    return result
  }

  private func launch(_ uploads: [(bytes: [UInt8], target: UInt64)]) -> Bool {
    for (bytes, target) in uploads {
      bytes.withUnsafeBytes {
        if let base = $0.baseAddress { device.upload(base, bytes: $0.count, to: target) }
      }
    }
    if executable == nil { executable = device.graph(of: recorded) }
    guard let executable else { return false }
    let stream = device.stream
    return device.perform("a step's graph") { $0.graph_launch(executable, stream) }
  }

  private func forget() {
    if let executable { device.release(graph: executable) }
    executable = nil
    recorded = []
    for block in memory.arena.blocks + memory.inputs.blocks {
      device.release(block.address, bytes: block.bytes)
    }
    memory = StepMemory()
  }
}

/// The memory of a step.
struct StepMemory {
  let arena = StepArena()
  /// Where the numbers of a step are put before it begins: no other part of the step may use it, before or after.
  let inputs = StepArena()
}

/// Memory that is handed out the same way at every step. Blocks of a size are handed out in the order in which they were made, those given back first,
/// so that the same sequence of requests gets the same addresses.
final class StepArena {
  private(set) var blocks: [(address: UInt64, bytes: Int)] = []
  private var free: [Int: [UInt64]] = [:]

  /// Everything is free again.
  func reset() {
    free = [:]
    for block in blocks.reversed() { free[block.bytes, default: []].append(block.address) }
  }

  func take(bytes: Int, _ make: () -> UInt64?) -> UInt64? {
    if let address = free[bytes]?.popLast() { return address }
    guard let address = make() else { return nil }
    blocks.append((address, bytes))
    return address
  }

  func giveBack(_ address: UInt64, bytes: Int) { free[bytes, default: []].append(address) }
}

/// One run of a step's body.
final class DeviceStep {
  private let memory: StepMemory
  private(set) var calls: [DeviceCall] = []
  private(set) var uploads: [(bytes: [UInt8], target: UInt64)] = []
  /// Lists of rows that this run has put into the device's memory.
  var indices = RecentValues<[Int], KeptNumbers>(capacity: 8)
  var tilings = RecentValues<AttentionTilingKey, StoredTiling>(capacity: 8)
  private let expected: [DeviceCall]?
  private var differs = false
  private var next = 0

  convenience init(recording memory: StepMemory) { self.init(memory, expecting: nil) }

  convenience init(comparing expected: [DeviceCall], _ memory: StepMemory) {
    self.init(memory, expecting: expected)
  }

  private init(_ memory: StepMemory, expecting expected: [DeviceCall]?) {
    self.memory = memory
    self.expected = expected
    memory.arena.reset()
    memory.inputs.reset()
  }

  /// Whether every call was as recorded, and none is missing.
  var isSame: Bool { !differs && next == expected?.count }

  /// - Returns: whether the call shall be made now.
  func admits(_ call: DeviceCall) -> Bool {
    guard let expected else {
      calls.append(call)
      return true
    }
    if next >= expected.count || expected[next] != call { differs = true }
    next += 1
    return false
  }

  /// Keeps what a call of `upload` that was not made would have written.
  func keep(_ source: UnsafeRawPointer, bytes: Int, for target: UInt64) {
    if !differs { uploads.append((Array(UnsafeRawBufferPointer(start: source, count: bytes)), target)) }
  }

  /// nil where memory would have to be made while nothing is started: the step is another one.
  /// - Parameter isInput: it is uploaded to, and not used for anything else in this step.
  func allocate(bytes: Int, isInput: Bool, _ make: () -> UInt64?) -> UInt64? {
    (isInput ? memory.inputs : memory.arena).take(bytes: bytes) {
      guard expected != nil else { return make() }
      differs = true
      return nil
    }
  }

  /// Memory of the arena that is no longer used; that of an input stays until the next step.
  func giveBack(_ address: UInt64, bytes: Int) { memory.arena.giveBack(address, bytes: bytes) }
}

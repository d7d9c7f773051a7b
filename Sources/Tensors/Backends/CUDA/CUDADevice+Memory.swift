internal import CCUDA

/// Memory of the device and what goes into and out of it, in the order of the stream.
extension CUDADevice {
  /// Memory in the order of the stream, in a step its arena's; nil when it does not suffice.
  /// - Parameter isInput: it is uploaded to.
  func allocate(bytes: Int, isInput: Bool = false) -> UInt64? {
    guard failure == nil else { return nil }
    let size = Self.rounded(bytes)
    guard let step else { return allocateLasting(size) }
    return step.allocate(bytes: size, isInput: isInput) { allocateLasting($0) }
  }

  /// The same outside of any step.
  func allocateLasting(_ size: Int) -> UInt64? {
    guard !isClosed else { return nil }
    var address: UInt64 = 0
    _ = libraries.driver.context_use(context)
    var code = libraries.driver.allocate(&address, size, stream)
    if code == Attribute.outOfMemory {
      // Blocks that were freed may lie in pieces; they are joined when they go back to the device.
      _ = libraries.driver.stream_wait(stream)
      _ = libraries.driver.pool_trim(pool, 0)
      code = libraries.driver.allocate(&address, size, stream)
    }
    guard code == 0 else {
      var (free, total) = (0, memoryBytes)
      _ = libraries.driver.memory_free_and_total(&free, &total)
      fail(
        CUDAError(
          code == Attribute.outOfMemory ? .outOfMemory : .failed,
          "cuda:\(index) (\(name)): \(size) bytes could not be allocated beside the \(allocatedBytes) this task uses; "
            + "\(free) of \(total) are free: \(Self.text(of: code, libraries.driver))"))
      return nil
    }
    blocks[address] = size
    allocatedBytes += size
    peakBytes = max(peakBytes, allocatedBytes)
    return address
  }

  func release(_ address: UInt64, bytes: Int) {
    // What lay on a device that was closed is gone already.
    guard blocks.removeValue(forKey: address) != nil else { return }
    allocatedBytes -= Self.rounded(bytes)
    _ = libraries.driver.context_use(context)
    _ = libraries.driver.release(address, stream)
  }

  /// Of the allocated bytes those that the device keeps for itself, whatever is computed: the products' scratch memory
  /// and the last few lists and layouts.
  private var keptBytes: Int {
    let numbers = indices.values + tilings.values.flatMap(\.parts)
    return (numbers.map(\.address) + [productWorkspace]).reduce(0) { $0 + (blocks[$1] ?? 0) }
  }

  /// Bytes that tensors take, with the arenas of recorded steps.
  public var tensorBytes: Int { allocatedBytes - keptBytes }

  public func resetPeak() { peakBytes = allocatedBytes }

  /// What an allocation takes.
  static func rounded(_ bytes: Int) -> Int { max(512, (bytes + 511) / 512 * 512) }

  /// Returns when the source has been read: what is not pinned the driver copies before it returns.
  func upload(_ source: UnsafeRawPointer, bytes: Int, to target: UInt64) {
    if bytes == 0 { return }
    if let step, !step.admits(.upload(bytes: bytes, target: target)) {
      return step.keep(source, bytes: bytes, for: target)
    }
    perform("writing \(bytes) bytes") { $0.upload(target, source, bytes, stream) }
  }

  /// Waits for the bytes; false, with the target untouched or worthless, when something failed.
  /// - Parameter start: the byte to begin with.
  func download(
    _ source: Storage, from start: Int = 0, bytes: Int, to target: UnsafeMutableRawPointer
  ) -> Bool {
    precondition(step == nil, "a step reads nothing back")
    if bytes == 0 { return failure == nil }
    return withExtendedLifetime(source) {
      perform("reading \(bytes) bytes") {
        $0.download(target, source.address + UInt64(start), bytes, stream)
      }
      wait()
      return failure == nil
    }
  }

  /// Elements of a tensor into another, from an element of that on.
  func copy(_ source: Tensor, to target: Tensor, from start: Int = 0) {
    if source.count == 0 { return }
    withExtendedLifetime((source, target)) {
      ask(
        .copy(
          source: source.address, bytes: 4 * source.count, target: target.address + UInt64(4 * start)))
    }
  }

  /// Zeros in the first bytes.
  func clear(_ target: Storage, from start: Int = 0, bytes: Int) {
    if bytes == 0 { return }
    withExtendedLifetime(target) { ask(.clear(target: target.address + UInt64(start), bytes: bytes)) }
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A block of float32 memory aligned for the widest vector unit, freed with its last tensor.
final class Storage {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int

  /// Uninitialised memory: the caller writes every element before anyone reads it.
  init(count: Int) {
    precondition(count >= 0, "storage: a count of \(count) elements")
    self.count = count
    var raw: UnsafeMutableRawPointer?
    let bytes = max(count, 1) * MemoryLayout<Float>.stride
    guard posix_memalign(&raw, 64, bytes) == 0, let raw else {
      fatalError("out of memory: \(bytes) bytes for a tensor of \(count) elements")
    }
    pointer = raw.bindMemory(to: Float.self, capacity: max(count, 1))
  }

  deinit { free(pointer) }
}

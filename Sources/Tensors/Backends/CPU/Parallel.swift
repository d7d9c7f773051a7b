internal import CKernels

/// Work spread over `ComputeThreads.current` threads. Each item writes to its own place, so the results do
/// not depend on which thread took which item.
enum Parallel {
  /// Below this many element operations, some microseconds, another thread costs more than it gains.
  static let worthwhile = 1 << 15

  static func forEach(_ count: Int, threads: Int = ComputeThreads.current, _ body: (Int) -> Void) {
    if count == 0 { return }
    if count == 1 || threads == 1 {
      for i in 0..<count { body(i) }
      return
    }
    withoutActuallyEscaping(body) { escaping in
      var closure = escaping
      withUnsafeMutablePointer(to: &closure) { context in
        ck_parallel(
          count, Int32(threads),
          { context, item in context?.assumingMemoryBound(to: ((Int) -> Void).self).pointee(item) },
          UnsafeMutableRawPointer(context))
      }
    }
  }

  /// Splits `0 ..< count` into one range per thread when `count * cost` element operations are worth it.
  static func ranges(of count: Int, cost: Int = 1, _ body: (Range<Int>) -> Void) {
    if count == 0 { return }
    let threads = ComputeThreads.current
    if threads == 1 || count == 1 || count * cost < worthwhile {
      body(0..<count)
      return
    }
    let size = max((count + threads - 1) / threads, 1)
    let parts = (count + size - 1) / size
    forEach(parts, threads: threads) { part in
      body(part * size..<min(count, (part + 1) * size))
    }
  }
}

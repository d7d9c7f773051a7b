import Synchronization

/// Something done no more often than every so long.
final class Interval: Sendable {
  private let length: Duration
  private let next = Mutex(ContinuousClock.now)

  init(_ length: Duration) { self.length = length }

  /// Whether it is time; then the next time is so long away.
  var isDue: Bool {
    next.withLock { next in
      let now = ContinuousClock.now
      guard now >= next else { return false }
      next = now + length
      return true
    }
  }
}

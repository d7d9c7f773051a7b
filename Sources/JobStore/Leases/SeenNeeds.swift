import Synchronization

/// Whether tasks that need more than a slot have been about lately: then claims look at what each needs, which makes them
/// dearer.
final class SeenNeeds: Sendable {
  private static let memory = Duration.seconds(10)
  private let last = Mutex<ContinuousClock.Instant?>(nil)

  var areRecent: Bool { last.withLock { $0.map { .now - $0 < Self.memory } ?? false } }

  func note() { last.withLock { $0 = .now } }
}

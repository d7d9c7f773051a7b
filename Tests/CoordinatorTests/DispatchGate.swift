import Dispatch

/// Holds a thread that may be held (a connection's own) until a test opens it.
final class DispatchGate: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)
  func open() { semaphore.signal() }
  func wait() { semaphore.wait() }
}

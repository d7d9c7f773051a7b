import Synchronization

/// Tells waiting requests that something may have changed. Only a hint: who waits also wakes by itself after
/// a while and looks, so a lost hint costs time, never work.
final class WorkSignal: Sendable {
  private struct Waiting: Sendable {
    var nextID: UInt64 = 0
    var continuations: [UInt64: CheckedContinuation<Void, Never>] = [:]
    /// Cancelled before they began to wait.
    var gone: Set<UInt64> = []
    var generation: UInt64 = 0
    var isClosed = false
  }

  private let waiting = Mutex(Waiting())

  /// Counts the hints. Read it before looking at the state, and give it to `wait`, so that no hint between
  /// looking and waiting is missed.
  var generation: UInt64 { waiting.withLock { $0.generation } }

  /// Wakes everyone.
  func fire() {
    let woken = waiting.withLock { waiting in
      waiting.generation &+= 1
      defer { waiting.continuations = [:] }
      return waiting.continuations
    }
    for continuation in woken.values { continuation.resume() }
  }

  /// Wakes everyone, for good: at shutdown no request may hold up the end.
  func close() {
    waiting.withLock { $0.isClosed = true }
    fire()
  }

  /// Whether anybody waits.
  var isAwaited: Bool { waiting.withLock { !$0.continuations.isEmpty } }

  var isClosed: Bool { waiting.withLock { $0.isClosed } }

  /// Returns at the first hint after `generation`, after `duration`, or when the task is cancelled.
  func wait(after generation: UInt64, upTo duration: Duration) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await Task.sleep(for: duration) }
      group.addTask { await self.wait(after: generation) }
      await group.next()
      group.cancelAll()
    }
  }

  private func wait(after generation: UInt64) async {
    let id = waiting.withLock { waiting in
      waiting.nextID += 1
      return waiting.nextID
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isDue = waiting.withLock { waiting in
          if waiting.gone.remove(id) != nil || waiting.generation != generation || waiting.isClosed {
            return true
          }
          waiting.continuations[id] = continuation
          return false
        }
        if isDue { continuation.resume() }
      }
    } onCancel: {
      let continuation = waiting.withLock { waiting in
        if let continuation = waiting.continuations.removeValue(forKey: id) {
          return Optional(continuation)
        }
        waiting.gone.insert(id)
        return nil
      }
      continuation?.resume()
    }
    waiting.withLock { _ = $0.gone.remove(id) }
  }
}

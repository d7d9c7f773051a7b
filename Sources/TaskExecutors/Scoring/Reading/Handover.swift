internal import Glibc

/// A queue between two threads that may both wait: the giver while it is full, the taker while it is empty. For
/// threads of their own, never for the cooperative pool.
///
/// Unchecked Sendable: everything below the mutex is touched only with it held.
package final class Handover<Element: Sendable>: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let capacity: Int
  private var waiting: [(element: Element, weight: Int)] = []
  private var weight = 0
  private var isClosed = false
  private var isAbandoned = false
  private var failure: (any Error)?

  /// - Parameter capacity: the weight that may wait; one element may always.
  package init(capacity: Int) {
    self.capacity = capacity
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  private func locked<Value>(_ body: () -> Value) -> Value {
    pthread_mutex_lock(mutex)
    defer {
      pthread_cond_broadcast(changed)
      pthread_mutex_unlock(mutex)
    }
    return body()
  }

  /// Waits for room. False once nobody takes any more.
  package func give(_ element: Element, weight: Int) -> Bool {
    locked {
      while !isAbandoned, !waiting.isEmpty, self.weight + weight > capacity {
        pthread_cond_wait(changed, mutex)
      }
      guard !isAbandoned else { return false }
      waiting.append((element, weight))
      self.weight += weight
      return true
    }
  }

  /// Says that nothing more comes, and why if that is a failure.
  package func close(_ failure: (any Error)? = nil) {
    locked {
      isClosed = true
      self.failure = failure
    }
  }

  /// What ended the giving.
  package var closingFailure: (any Error)? { locked { failure } }

  /// Says that nobody takes any more; the giver ends at its next element.
  package func abandon() {
    locked {
      isAbandoned = true
      waiting = []
      weight = 0
    }
  }

  /// Waits for an element and takes it if it is wanted: nil when it is not, `.some(nil)` at the end.
  package func take(if isWanted: (Element) -> Bool) -> Element?? {
    locked { () -> Element?? in
      while waiting.isEmpty, !isClosed, !isAbandoned { pthread_cond_wait(changed, mutex) }
      guard let first = waiting.first else { return .some(nil) }
      guard isWanted(first.element) else { return nil }
      waiting.removeFirst()
      weight -= first.weight
      return first.element
    }
  }
}

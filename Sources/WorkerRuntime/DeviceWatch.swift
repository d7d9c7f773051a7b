import JobModel
import Synchronization

/// Reads the use of GPUs on a thread of its own: a driver may be slow to answer, and heartbeats are not.
final class DeviceWatch: Sendable {
  private struct State: Sendable {
    var uses: [DeviceReport] = []
    var readAt: ContinuousClock.Instant?
    var isReading = false
  }

  /// What is older says nothing of now: the driver does not answer.
  private static let age = Duration.seconds(30)

  private let read: @Sendable () -> [DeviceReport]
  private let thread = DedicatedThread(name: "gpu-use")
  private let state = Mutex(State())

  init(_ read: @escaping @Sendable () -> [DeviceReport]) {
    self.read = read
    refresh()
  }

  /// What was read last, by way of the call before; it begins the next reading and does not wait for it.
  var latest: [DeviceReport] {
    refresh()
    return state.withLock { state in
      guard let at = state.readAt, at + Self.age > .now else { return [] }
      return state.uses
    }
  }

  private func refresh() {
    let begins = state.withLock { state in
      defer { state.isReading = true }
      return !state.isReading
    }
    guard begins else { return }
    // The thread ends with the watch; a reading under way keeps it.
    thread.start {
      let uses = self.read()
      self.state.withLock { $0 = State(uses: uses, readAt: .now) }
    }
  }
}

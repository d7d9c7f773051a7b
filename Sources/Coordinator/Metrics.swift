import Synchronization

/// What this process has counted since it started.
final class Metrics: Sendable {
  /// Upper bounds of the buckets of a latency, in seconds.
  static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

  struct Latency: Sendable {
    /// How many took at most the bound of the same place; the last place counts all.
    var counts = [Int](repeating: 0, count: Metrics.bounds.count + 1)
    var sum = 0.0

    mutating func add(_ seconds: Double) {
      for index in Metrics.bounds.indices where seconds <= Metrics.bounds[index] { counts[index] += 1 }
      counts[Metrics.bounds.count] += 1
      sum += seconds
    }
  }

  struct Counts: Sendable {
    /// Requests by the first digit of their status.
    var requests = [Int](repeating: 0, count: 6)
    var claimedTasks = 0
    /// Looks into the queue on behalf of a claim.
    var claims = Latency()
  }

  private let counts = Mutex(Counts())

  var now: Counts { counts.withLock { $0 } }

  func answered(_ status: Int) {
    counts.withLock { $0.requests[min(max(status / 100, 0), 5)] += 1 }
  }

  /// - Parameter duration: of the claim; nil when it was a part of something else.
  func claimed(_ tasks: Int, in duration: Duration?) {
    counts.withLock { counts in
      counts.claimedTasks += tasks
      if let duration { counts.claims.add(duration / .seconds(1)) }
    }
  }
}

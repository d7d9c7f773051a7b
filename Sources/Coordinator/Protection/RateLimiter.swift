import JobModel
import Synchronization

/// How many requests a person's token may make.
public struct RateLimit: Sendable, Equatable {
  /// In the long run; 0 sets no limit.
  public var perSecond: Double
  /// In one go, after a rest.
  public var burst: Double

  public init(perSecond: Double = 50, burst: Double = 500) {
    self.perSecond = perSecond
    self.burst = burst
  }
}

/// A bucket per token that fills at a steady rate; a request takes one drop out of it.
///
/// Each coordinator counts for itself. Workers' tokens are not limited: one of them serves a whole fleet, whose
/// requests grow with the work.
final class RateLimiter: Sendable {
  private struct Bucket {
    var drops: Double
    var at: ContinuousClock.Instant
  }

  private let limit: RateLimit
  private let buckets = Mutex<[TokenID: Bucket]>([:])
  /// Full buckets are forgotten when there are so many.
  private static let mostBuckets = 10_000

  init(_ limit: RateLimit) { self.limit = limit }

  /// nil lets the request through; else the whole seconds after which the next one will be.
  func wait(for caller: Caller, now: ContinuousClock.Instant = .now) -> Int? {
    guard limit.perSecond > 0, !caller.may(.work) else { return nil }
    return buckets.withLock { buckets in
      if buckets.count >= Self.mostBuckets {
        buckets = buckets.filter { drops(in: $0.value, now: now) < limit.burst }
      }
      var bucket = buckets[caller.token] ?? Bucket(drops: limit.burst, at: now)
      bucket.drops = drops(in: bucket, now: now)
      bucket.at = now
      defer { buckets[caller.token] = bucket }
      guard bucket.drops >= 1 else {
        return max(1, Int(((1 - bucket.drops) / limit.perSecond).rounded(.up)))
      }
      bucket.drops -= 1
      return nil
    }
  }

  private func drops(in bucket: Bucket, now: ContinuousClock.Instant) -> Double {
    min(max(limit.burst, 1), bucket.drops + (now - bucket.at) / .seconds(1) * limit.perSecond)
  }
}

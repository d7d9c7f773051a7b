package import JobModel
import Synchronization

/// How often requests of people that stand open, streams and long waits, look into the database: those of one token
/// together as often as it may make requests. Streams that somebody opens by the hundred thus cost no more than requests
/// would, and other labs wait no longer for their answers.
package final class LookPace: Sendable {
  /// nil sets no limit.
  private let interval: Duration?
  /// When a token's next look may be.
  private let free = Mutex<[TokenID: ContinuousClock.Instant]>([:])
  /// Moments that are over are forgotten when there are so many.
  private static let mostMoments = 10_000

  package init(_ limit: RateLimit) {
    interval = limit.perSecond > 0 ? .seconds(1 / limit.perSecond) : nil
  }

  /// The looks of one request.
  func looks(of caller: Caller) -> Looks { Looks(self, of: caller.token) }

  /// When a token's next look is due. It counts as taken.
  package func due(for token: TokenID, now: ContinuousClock.Instant) -> ContinuousClock.Instant {
    guard let interval else { return now }
    return free.withLock { free in
      if free.count >= Self.mostMoments { free = free.filter { $0.value > now } }
      let due = max(now, free[token] ?? now)
      free[token] = due + interval
      return due
    }
  }
}

/// When one request looks again: five times a second at most, and a fifth of the time, however much happens.
final class Looks: Sendable {
  private struct State {
    var earliest = ContinuousClock.now
    /// The token's turn that this one waits for.
    var due: ContinuousClock.Instant?
  }

  private static let shortestPause = Duration.milliseconds(200)
  /// A look that takes long is followed by a pause so many times as long, up to the longest.
  private static let pauseForLook = 4
  private static let longestPause = Duration.seconds(5)

  private let pace: LookPace
  private let token: TokenID
  private let state = Mutex(State())

  fileprivate init(_ pace: LookPace, of token: TokenID) {
    self.pace = pace
    self.token = token
  }

  /// Waits for the next turn, to the deadline at most.
  /// - Returns: whether it has come; if not, it is waited for the next time.
  func turn(before deadline: ContinuousClock.Instant, on signal: WorkSignal) async throws -> Bool {
    while !signal.isClosed {
      let now = ContinuousClock.now
      let due = state.withLock { state -> ContinuousClock.Instant in
        if state.due == nil, now >= state.earliest { state.due = pace.due(for: token, now: now) }
        return state.due ?? state.earliest
      }
      if now >= due { break }
      if now >= deadline { return false }
      // In parts, so that a shutdown waits for nobody.
      try await Task.sleep(for: min(min(due, deadline) - now, .milliseconds(500)))
    }
    return true
  }

  /// Of a look that was begun then.
  func end(of look: ContinuousClock.Instant) {
    let now = ContinuousClock.now
    let pause = min(max(Self.shortestPause, (now - look) * Self.pauseForLook), Self.longestPause)
    state.withLock { state in
      state.due = nil
      state.earliest = now + pause
    }
  }
}

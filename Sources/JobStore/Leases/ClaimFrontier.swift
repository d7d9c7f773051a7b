import JobModel
import Synchronization

/// Where claims begin to look for ready tasks: behind the last one that was taken.
///
/// While some snapshot is held open, no dead entry can leave the index of ready tasks, and a claim that begins at its
/// head steps over all of them: the rate falls to a third within seconds. What this process makes ready before the
/// frontier takes the frontier back with it. What others make ready there is found by a claim from the head, at most
/// 0.1 s later, or later in the measure that such a claim takes long; and a claim that finds nothing behind the
/// frontier looks from the head at once.
final class ClaimFrontier: Sendable {
  /// Claims that can take the same tasks share a frontier.
  struct Reach: Hashable, Sendable {
    let kinds: [TaskKind]
    let free: FreeResources?

    /// Whether a task can begin that asks for no device.
    var givesSlots: Bool { free?.givesSlots ?? true }
  }

  /// A claim under way.
  struct Scan: Sendable {
    let after: ReadyKey
    fileprivate let reach: Reach
    fileprivate let number: UInt64
    fileprivate let begun: ContinuousClock.Instant
    var isFromHead: Bool { after == .head }
  }

  private struct Frontier {
    var after = ReadyKey.head
    /// When a claim shall begin at the head again.
    var headDue: ContinuousClock.Instant
  }

  private struct State {
    var frontiers: [Reach: Frontier] = [:]
    /// The claims under way, each with the lowest place at which tasks became ready meanwhile.
    var scans: [UInt64: ReadyKey] = [:]
    var nextScan: UInt64 = 0
  }

  private static let headInterval = Duration.milliseconds(100)
  /// Claims from the head take at most this part of the time.
  private static let headShare = 20
  private static let mostReaches = 512
  private static let beyond = ReadyKey(rank: .max, job: .max, task: .max)

  private let state = Mutex(State())

  func begin(_ reach: Reach, fromHead: Bool = false) -> Scan {
    let now = ContinuousClock.now
    return state.withLock { state in
      var after = ReadyKey.head
      if !fromHead, let frontier = state.frontiers[reach], now < frontier.headDue {
        after = frontier.after
      } else {
        // Others go on behind the frontier meanwhile.
        state.frontiers[reach]?.headDue = now + .seconds(30)
      }
      state.nextScan += 1
      state.scans[state.nextScan] = Self.beyond
      return Scan(after: after, reach: reach, number: state.nextScan, begun: now)
    }
  }

  /// - Parameters:
  ///   - last: the last task it took; nil when it took none, or not every one that it could.
  ///   - isFull: whether it took as many as it wanted, so that more may follow at once.
  func end(_ scan: Scan, last: ReadyKey?, isFull: Bool) {
    let now = ContinuousClock.now
    state.withLock { state in
      let lowered = state.scans.removeValue(forKey: scan.number) ?? .head
      if state.frontiers.count >= Self.mostReaches { state.frontiers = [:] }
      var frontier = state.frontiers[scan.reach] ?? Frontier(headDue: now)
      if let last {
        frontier.after = scan.isFromHead && isFull ? last : max(frontier.after, last)
      }
      frontier.after = min(frontier.after, lowered)
      if scan.isFromHead {
        frontier.headDue = now + max(Self.headInterval, (now - scan.begun) * Self.headShare)
      }
      state.frontiers[scan.reach] = frontier
    }
  }

  /// Tasks from `key` on have become ready.
  func lower(to key: ReadyKey) {
    // A claim looks behind its frontier, not at it.
    let before = ReadyKey(rank: key.rank, job: key.job, task: max(key.task, .min + 1) - 1)
    state.withLock { state in
      for (reach, frontier) in state.frontiers where frontier.after > before {
        state.frontiers[reach]?.after = before
      }
      for (number, lowest) in state.scans where lowest > before { state.scans[number] = before }
    }
  }
}

import JobModel
import Randomness
import Scheduling

extension SplitMix64 {
  /// True once in so many draws.
  mutating func once(in many: Int) -> Bool { Int.random(in: 0..<many, using: &self) == 0 }
}

/// Messages between workers and the store, which are lost, doubled and overtake each other.
struct SimulatedNetwork {
  enum Message {
    case claim(worker: Int, life: Int, SessionID)
    case claimed(worker: Int, life: Int, [ClaimedTask], alive: Bool)
    case heartbeat(worker: Int, life: Int, SessionID, [Lease])
    case beaten(worker: Int, life: Int, HeartbeatReply)
    case complete(worker: Int, life: Int, ClaimedTask, next: SessionID?)
    case fail(worker: Int, life: Int, ClaimedTask, FailureClass)
    case release(worker: Int, life: Int, ClaimedTask)
    case ended(worker: Int, life: Int, Lease)
    case forgotten(worker: Int, life: Int, SessionID, held: [Lease])
    case compared(worker: Int, life: Int)
  }

  private var underWay: [Message] = []
  var isFaulty = true

  var isEmpty: Bool { underWay.isEmpty }

  mutating func send(_ message: Message, _ draws: inout SplitMix64) {
    if isFaulty, draws.once(in: 12) { return }
    underWay.append(message)
    // A claim is never sent again: it may have leased tasks.
    if case .claim = message { return }
    if isFaulty, draws.once(in: 12) { underWay.append(message) }
  }

  /// Whichever arrives next.
  mutating func arrival(_ draws: inout SplitMix64) -> Message? {
    guard !underWay.isEmpty else { return nil }
    return underWay.remove(at: isFaulty ? Int.random(in: 0..<underWay.count, using: &draws) : 0)
  }
}

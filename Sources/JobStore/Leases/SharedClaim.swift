import JobModel
import PostgresClient

/// Claims that one statement serves: of one reach, of different sessions, and of no more tasks than one may claim.
struct SharedClaim: Sendable {
  let reach: ClaimFrontier.Reach
  let only: [TaskID]?
  private let onlySlots: Bool
  private(set) var claimers: [Claimer]
  /// Whose they are.
  private(set) var calls: [Int]

  var limit: Int { claimers.reduce(0) { $0 + $1.limit } }

  /// The only session, where it takes tasks that need no more than a slot.
  var slotsOf: SessionID? { onlySlots && claimers.count == 1 ? claimers[0].session : nil }

  func leasing(after: ReadyKey) throws -> Statement {
    slotsOf == nil
      ? try Session.leasing(to: claimers, reach, after: after, only: only)
      : Session.leasingSlots(to: claimers[0], reach.kinds, after: after, only: only)
  }

  /// What `leasing` has taken.
  func leased(_ rows: Rows) throws -> [LeasedRow] { try Session.leased(rows, by: slotsOf) }

  /// - Parameter onlySlots: no task is about that needs more than a slot, as far as is known.
  static func merging(_ calls: [LeaseCall], onlySlots: Bool) -> [SharedClaim] {
    var merged: [SharedClaim] = []
    for (index, call) in calls.enumerated() {
      guard let claim = call.claim else { continue }
      if let place = merged.firstIndex(where: { $0.takes(claim) }) {
        merged[place].claimers.append(claim.claimer)
        merged[place].calls.append(index)
      } else {
        merged.append(
          SharedClaim(
            reach: claim.reach, only: claim.only, onlySlots: onlySlots && claim.reach.givesSlots,
            claimers: [claim.claimer],
            calls: [index]))
      }
    }
    return merged
  }

  private func takes(_ claim: Claim) -> Bool {
    reach == claim.reach && only == nil && claim.only == nil
      && !claimers.contains { $0.session == claim.claimer.session }
      && limit + claim.claimer.limit <= Claimer.most
  }
}

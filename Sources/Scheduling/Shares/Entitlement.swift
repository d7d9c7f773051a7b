public import JobModel

/// What each lab is due of a pool at one moment: its nominal quota as far as it has use for it, and of the rest its
/// part by weight, filled up like connected vessels.
public enum Entitlement {
  /// What a lab could use now.
  public struct Claim: Sendable, Equatable {
    public var share: LabShare
    /// Units it holds or waits for.
    public var demand: Double

    public init(_ share: LabShare, demand: Double) {
      self.share = share
      self.demand = demand
    }
  }

  /// - Returns: units per lab; their sum is the capacity, or the whole demand if that is less.
  public static func of(_ claims: [Claim], capacity: Double) -> [LabID: Double] {
    var due: [LabID: Double] = [:]
    var left = capacity
    let nominal = claims.map { min($0.demand, $0.share.quota.nominal) }
    let fit = min(1, capacity / max(nominal.reduce(0, +), 1e-12))
    for (claim, own) in zip(claims, nominal) {
      due[claim.share.lab] = own * fit
      left -= own * fit
    }
    var thirsty = claims.filter { ceiling($0) > (due[$0.share.lab] ?? 0) + 1e-9 }
    while left > 1e-9, !thirsty.isEmpty {
      let weights = thirsty.reduce(0) { $0 + $1.share.weight }
      // The rise of the level at which the first vessel is full.
      let rise = thirsty.reduce(left / weights) { least, claim in
        min(least, (ceiling(claim) - (due[claim.share.lab] ?? 0)) / claim.share.weight)
      }
      for claim in thirsty {
        due[claim.share.lab, default: 0] += rise * claim.share.weight
        left -= rise * claim.share.weight
      }
      thirsty.removeAll { ceiling($0) <= (due[$0.share.lab] ?? 0) + 1e-9 }
    }
    return due
  }

  private static func ceiling(_ claim: Claim) -> Double { min(claim.demand, claim.share.quota.limit) }
}

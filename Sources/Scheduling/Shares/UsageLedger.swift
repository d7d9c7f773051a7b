public import JobModel

/// Decayed usage per lab, user and kind of device. Entries decay when they are touched or read.
public struct UsageLedger: Sendable {
  private struct Key: Hashable {
    let lab: LabID
    let user: UserID
    let device: DeviceKind
  }
  private var entries: [Key: (amount: Double, at: Double)] = [:]

  public init() {}

  /// - Parameter amount: weighted unit-seconds.
  public mutating func charge(
    lab: LabID, user: UserID, device: DeviceKind, amount: Double, at time: Double, policy: SchedulingPolicy
  ) {
    let key = Key(lab: lab, user: user, device: device)
    let before = entries[key].map { $0.amount * policy.decay(after: time - $0.at) } ?? 0
    entries[key] = (before + amount, time)
  }

  public func usage(at time: Double, policy: SchedulingPolicy) -> [Usage] {
    entries.map { key, entry in
      Usage(
        lab: key.lab, user: key.user, device: key.device,
        amount: entry.amount * policy.decay(after: time - entry.at))
    }.sorted { ($0.lab, $0.user, $0.device) < ($1.lab, $1.user, $1.device) }
  }
}

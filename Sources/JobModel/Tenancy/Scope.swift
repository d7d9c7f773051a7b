/// One kind of thing that a token can allow. A role brings a set of them; a token may be made with fewer.
public enum Scope: String, Codable, Sendable, Equatable, CaseIterable {
  /// Look at the lab's jobs, logs, files, groups and events.
  case read
  /// Submit and change the lab's jobs.
  case submit
  /// Administer the lab: its users, tokens and webhooks, and its audit log.
  case manage
  /// Administer every lab, and the pool.
  case administer
  /// Claim and report tasks of the pool.
  case work
  /// Read the figures of the whole pool at /metrics.
  case metrics
}

/// The kinds of events there are, for whoever asks for one of them.
public enum EventKinds {
  public static let all = [
    "job-submitted", "job-started", "job-succeeded", "job-failed", "job-cancelled", "job-retried",
    "job-paused", "job-resumed", "job-priority", "job-series-ended",
    "task-failed", "task-interrupted", "task-preempted", "task-released", "task-split",
    "item-quarantined", "groups-stale",
    "worker-registered", "worker-draining", "worker-resumed", "worker-lost", "worker-ended",
    "lab-created", "lab-paused", "lab-resumed", "lab-closed", "lab-opened", "quota-set",
    "user-created", "user-changed", "user-disabled", "user-enabled",
    "token-created", "token-rotated", "token-revoked", "webhook-created", "webhook-deleted",
  ]

  /// What to say of the first of these names that is no kind of event; nil when all are.
  public static func refusal(of names: [String]) -> String? {
    guard let name = names.first(where: { !all.contains($0) }) else { return nil }
    let nearest = Spelling.nearest(to: name, among: all).map { "; did you mean '\($0)'?" } ?? ""
    return "'\(name.prefix(60))' is no kind of event; known are \(all.joined(separator: ", "))\(nearest)"
  }
}

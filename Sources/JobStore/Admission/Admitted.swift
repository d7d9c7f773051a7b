import JobModel

/// Where a ready task stands in the order of claims, that of index ready_order.
struct ReadyKey: Comparable, Sendable {
  var rank: Int64
  var job: JobID
  var task: TaskID

  /// Before every task.
  static let head = ReadyKey(rank: .min, job: .min, task: .min)

  static func < (a: ReadyKey, b: ReadyKey) -> Bool {
    (a.rank, a.job, a.task) < (b.rank, b.job, b.task)
  }
}

/// What a transaction has made ready, or left to the leader.
struct Admitted: Sendable {
  var count: Int
  /// The first of them in the order of claims; nil when none became ready.
  var lowest: ReadyKey?

  static let none = Admitted(count: 0, lowest: nil)

  static func + (a: Admitted, b: Admitted) -> Admitted {
    Admitted(count: a.count + b.count, lowest: [a.lowest, b.lowest].compactMap(\.self).min())
  }

  static func += (a: inout Admitted, b: Admitted) { a = a + b }
}

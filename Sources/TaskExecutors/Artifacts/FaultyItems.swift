package import JobModel
internal import WorkerRuntime

/// Works on a range of a job's items beside those that break it.
package enum FaultyItems {
  /// Runs `work` on all items; where it fails, each is looked at alone, and `work` runs on what is left.
  ///
  /// What is to blame and cannot be found by a look is left to the queue, which tries the halves of the range.
  /// - Parameters:
  ///   - look: reads what the item needs; an error it throws is the item's.
  /// - Returns: what `work` gave, in order, and the items taken out.
  /// - Throws: `TaskError` of the class poison-input when `work` fails on items that look well.
  package static func work<Value>(
    on items: Range<Int>, look: (Int) throws -> Void, _ work: (Range<Int>) throws -> [Value]
  ) throws -> (values: [Value], faulty: [QuarantinedItem]) {
    do {
      return (try attempt(items, work), [])
    } catch let error as TaskError where error.failure.failureClass == .poisonInput {
      var faulty: [QuarantinedItem] = []
      for item in items {
        do {
          try look(item)
        } catch let error as TaskError {
          throw error
        } catch {
          faulty.append(QuarantinedItem(item: item, reason: "\(error)"))
        }
      }
      guard !faulty.isEmpty else { throw error }
      return (try runs(of: items, without: faulty).flatMap { try attempt($0, work) }, faulty)
    }
  }

  /// An error that has no class yet is for the items to answer.
  private static func attempt<Value>(
    _ items: Range<Int>, _ work: (Range<Int>) throws -> [Value]
  ) throws -> [Value] {
    try asFailure(.poisonInput) { try work(items) }
  }

  /// The stretches between faulty items, which are in order.
  private static func runs(of items: Range<Int>, without faulty: [QuarantinedItem]) -> [Range<Int>] {
    var start = items.lowerBound
    var runs: [Range<Int>] = []
    for fault in faulty {
      if start < fault.item { runs.append(start..<fault.item) }
      start = fault.item + 1
    }
    if start < items.upperBound { runs.append(start..<items.upperBound) }
    return runs
  }
}

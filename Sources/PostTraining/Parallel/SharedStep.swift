internal import Tensors

/// One optimizer step taken by all ranks of a collective together.
struct SharedStep {
  let collective: any Collective

  /// The part of `count` items that this rank computes: consecutive ones, as many as the others' up to one.
  func share(of count: Int) -> Range<Int> {
    let (rank, size) = (collective.rank, collective.size)
    return count * rank / size..<count * (rank + 1) / size
  }

  /// Computes this rank's share and tells the others whether it could, so that none waits for one that has failed.
  ///
  /// - Returns: what `compute` measured on every rank, by rank.
  /// - Throws: its error, or `TrainingError` naming the rank that failed.
  func compute(_ compute: () throws -> [Double]) throws -> [[Double]] {
    var failure: (any Error)?
    var own: [Double] = [0]
    do {
      own = [1] + (try compute())
    } catch {
      failure = error
    }
    let all = try collective.gather(own)
    if let failure { throw failure }
    if let rank = all.firstIndex(where: { $0.first != 1 }) {
      throw TrainingError(
        "rank \(rank) of the learner could not compute its share of the step; its output says why")
    }
    return all.map { Array($0.dropFirst()) }
  }

  /// Adds the gradients of all ranks up. A parameter that none has a gradient of stays without.
  func sumGradients(of optimizer: AdamW) throws {
    guard collective.size > 1 else { return }
    let present = try collective.gather(optimizer.slots.map { $0.parameter.gradient == nil ? 0 : 1 })
    for (index, slot) in optimizer.slots.enumerated() where present.contains(where: { $0[index] == 1 }) {
      try slot.parameter.withOwnGradient { try collective.sum($0) }
    }
  }
}

import JobModel

extension CompleteRequest {
  /// What in it contradicts itself, whatever the records say; nil when nothing does.
  var contradiction: String? {
    var paths: Set<String> = []
    for artifact in artifacts {
      guard artifact.epoch == lease.epoch else {
        return "\(artifact.path) was written under epoch \(artifact.epoch), the lease has \(lease.epoch)"
      }
      guard paths.insert(artifact.path).inserted else { return "\(artifact.path) is listed twice" }
      let hash = artifact.sha256.utf8
      guard hash.count == 64, hash.allSatisfy(Self.isLowerHexadecimal), artifact.bytes >= 0 else {
        return
          "\(artifact.path) has the hash '\(artifact.sha256.prefix(80))' and \(artifact.bytes) bytes; a hash is "
          + "64 lower-case hexadecimal digits and a size is not negative"
      }
    }
    if let range {
      guard range.from >= 0, range.from < range.to, range.size > 0, range.kind == .shard,
        (range.to - range.from) / range.size < NewRange.mostTasks
      else {
        return
          "a range is of shards, begins before it ends and comes to at most \(NewRange.mostTasks) tasks; found "
          + "\(range.kind.rawValue) tasks of \(range.size) items from \(range.from) to \(range.to)"
      }
    }
    for group in groups {
      for completion in group.completions where completion.tokens.count != completion.logProbabilities.count {
        return "an answer of ordinal \(group.ordinal) has \(completion.tokens.count) tokens and "
          + "\(completion.logProbabilities.count) log-probabilities"
      }
    }
    return nil
  }

  /// Whether it says more than that the task is done.
  var leavesDetails: Bool { progress != nil || result.members?.isEmpty != true }

  private static func isLowerHexadecimal(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (97...102).contains(byte)
  }
}

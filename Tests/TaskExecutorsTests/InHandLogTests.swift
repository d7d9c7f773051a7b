import JobModel
import TaskExecutors
import Testing

@Suite struct InHandLogTests {
  private func history(_ logs: String...) -> InHandLog.History {
    var history = InHandLog.History()
    for log in logs { history.add(log) }
    return history
  }

  @Test func `what was taken and not finished when a process died is suspect`() {
    let history = history("+1\n+2\n+3\n-1\n-2\n")
    #expect(history.suspects == [3])
    #expect(history.deathsAlone.isEmpty)
  }

  @Test func `a process that lived to the end blames nothing`() {
    #expect(history("+1\n+2\n.\n") == InHandLog.History())
  }

  @Test func `a line that the death cut off does not count`() {
    #expect(history("+1\n-1\n+12").suspects.isEmpty)
  }

  @Test func `every death over an image alone is counted`() {
    let history = history("+7\n+8\n", "!7\n-7\n!8\n", "!8\n", "!8\n-8\n.\n")
    #expect(history.suspects == [7, 8])
    #expect(history.deathsAlone == [8: 2])
  }

  @Test func `the halves of a shard know of their images what was known of the whole`() throws {
    let folder = try TestFolder()
    func log(_ items: Range<Int>, plan: Int = 3, epoch: Epoch, _ write: (InHandLog) -> Void) throws {
      write(try InHandLog(folder: folder.path, range: ShardRange(index: plan, items: items), epoch: epoch))
    }
    try log(40..<80, epoch: 1) {
      for image in [45, 46, 70] { $0.took(image) }
      $0.finished([46])
    }
    try log(40..<80, epoch: 2) { $0.tookAlone(70) }
    try log(60..<80, epoch: 1) { $0.tookAlone(70) }
    // Another shard of the plan.
    try log(0..<40, plan: 2, epoch: 1) { $0.tookAlone(70) }
    func history(_ items: Range<Int>, before epoch: Epoch) -> InHandLog.History {
      InHandLog.history(
        folder: folder.path, range: ShardRange(index: 3, items: items), before: epoch)
    }
    #expect(history(60..<80, before: 2).suspects == [70])
    #expect(history(60..<80, before: 2).deathsAlone == [70: 2])
    #expect(history(40..<60, before: 3).suspects == [45] && history(40..<60, before: 3).deathsAlone.isEmpty)
    // An attempt's own log is none of those before it.
    #expect(history(60..<80, before: 1).deathsAlone == [70: 1])
  }
}

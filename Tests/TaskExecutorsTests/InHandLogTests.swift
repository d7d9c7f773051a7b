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
}

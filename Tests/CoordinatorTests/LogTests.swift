import CoordinatorClient
import JobModel
import Synchronization
import Testing

/// Logs belong to the job, not to the worker.
@Suite struct LogTests {
  @Test("logs outlive the worker that wrote them")
  func outlive() async throws {
    try await TestQueue.run { queue in
      let job = try await queue.submit()
      try await queue.withWorker(GatedExecutor()) { _ in _ = try await queue.end(of: job.id) }
      let page = try await queue.member.logs(of: job.id)
      #expect(page.state == .succeeded)
      let texts = page.lines.map(\.text)
      #expect(texts.first == "planning")
      #expect(texts.filter { $0 == "on two lines" }.count == 3)
      #expect(page.lines.map(\.sequence) == page.lines.map(\.sequence).sorted())
      let rest = try await queue.member.logs(of: job.id, after: page.lines[1].sequence)
      #expect(rest.lines == Array(page.lines.dropFirst(2)))
    }
  }

  @Test("following a log gives every line once, while the job runs, over a change of coordinator, to the end")
  func follow() async throws {
    try await TestQueue.run { queue in
      let job = try await queue.submit()
      let executor = GatedExecutor(isOpen: false)
      try await queue.withWorker(executor) { _ in
        let events = Mutex<[LogEvent]>([])
        let following = Task {
          try await queue.member.follow(job.id) { event in events.withLock { $0.append(event) } }
        }
        try await eventually {
          events.withLock { $0.contains { if case .line(let line) = $0 { line.task != 0 } else { false } } }
        }
        #expect(!events.withLock { $0.contains { if case .ended = $0 { true } else { false } } })
        try await queue.restartCoordinator()
        executor.open()
        try await following.value
        let seen = events.withLock { $0 }
        #expect(seen.last == .ended(.succeeded))
        let lines = try await queue.member.logs(of: job.id).lines
        #expect(seen.dropLast() == lines.map { .line($0) }[...])
      }
    }
  }
}

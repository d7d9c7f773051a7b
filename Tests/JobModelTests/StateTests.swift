import JobModel
import Testing

@Suite("States")
struct StateTests {
  @Test("only a person's retry leaves a final state, and success is for good")
  func finality() {
    for state in TaskState.allCases where state.isFinal {
      for event in TaskEvent.allCases {
        let next = state.applying(event)
        #expect(next == (event == .retried && state != .succeeded ? .blocked : nil))
      }
    }
  }

  @Test("a lease can only be taken on a ready task, and only a running one completes")
  func leases() {
    for state in TaskState.allCases {
      #expect((state.applying(.claimed) == .running) == (state == .ready))
      #expect((state.applying(.completed) == .succeeded) == (state == .running))
    }
  }

  @Test("a job's state follows from its tasks")
  func derived() {
    func counts(_ pairs: (TaskState, Int)...) -> TaskCounts {
      var counts = TaskCounts()
      for (state, number) in pairs { counts[state] = number }
      return counts
    }
    #expect(JobState.derived(from: counts((.blocked, 2), (.ready, 1))) == .queued)
    #expect(JobState.derived(from: counts((.running, 1), (.blocked, 2))) == .running)
    #expect(JobState.derived(from: counts((.succeeded, 1), (.ready, 1))) == .running)
    #expect(JobState.derived(from: counts((.succeeded, 3))) == .succeeded)
    #expect(JobState.derived(from: counts((.succeeded, 1), (.cancelled, 4))) == .succeeded)
    #expect(JobState.derived(from: counts((.failed, 1), (.cancelled, 4), (.succeeded, 2))) == .failed)
    #expect(JobState.derived(from: counts((.cancelled, 4))) == .cancelled)
  }

  @Test("the retry policy tells classes apart")
  func retries() {
    let policy = RetryPolicy(firstDelay: 2, longestDelay: 10, interruptionCap: 3)
    func decide(_ failure: FailureClass, attempt: Int, interruptions: Int = 0) -> RetryPolicy.Decision {
      policy.decision(for: failure, attempt: attempt, maxAttempts: 5, interruptions: interruptions)
    }
    #expect(decide(.userError, attempt: 1) == .giveUp)
    #expect(
      (1...5).map { decide(.transient, attempt: $0) } == [
        .retry(after: 2), .retry(after: 4), .retry(after: 8), .retry(after: 10), .giveUp,
      ])
    #expect(decide(.outOfMemory, attempt: 1) == .retry(after: 2))
    #expect(decide(.poisonInput, attempt: 5) == .giveUp)
    #expect(decide(.interrupted, attempt: 5, interruptions: 1) == .requeue)
    #expect(decide(.interrupted, attempt: 1, interruptions: 2) == .giveUp)
    func isolate(_ failure: FailureClass, items: Int, interruptions: Int = 0) -> RetryPolicy.Decision {
      policy.decision(for: failure, attempt: 1, maxAttempts: 5, interruptions: interruptions, items: items)
    }
    #expect(isolate(.poisonInput, items: 256) == .split)
    #expect(isolate(.poisonInput, items: 1) == .quarantine)
    #expect(isolate(.interrupted, items: 256, interruptions: 1) == .requeue)
    #expect(isolate(.interrupted, items: 256, interruptions: 2) == .split)
    #expect(isolate(.interrupted, items: 1, interruptions: 2) == .quarantine)
    #expect(isolate(.transient, items: 256) == .retry(after: 2))
  }
}

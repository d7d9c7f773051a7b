import CoordinatorClient
import JobModel
import OrderedJSON
import Scheduling
import Testing
import WorkerRuntime

/// Labs that share a pool, from the API to the worker.
@Suite struct SharingTests {
  /// Takes back at once what is due.
  private static var impatient: SchedulingPolicy {
    var policy = SchedulingPolicy()
    policy.minimumRun = 0
    policy.reclaimAfter = 0
    return policy
  }

  @Test("a lab's quota makes another lab's task give way, and both jobs end well")
  func givingWay() async throws {
    try await TestQueue.run(heartbeatSeconds: 0.2, scheduling: Self.impatient) { queue in
      let executor = GatedExecutor(isOpen: false)
      try await queue.withWorker(executor, slots: 2) { _ in
        let borrower = try await queue.submit()
        try await eventually { executor.begun.filter { $0.kind == .shard }.count == 2 }
        let owner = try await queue.token(.member, lab: "owner")
        let set = try await queue.token(.admin).setQuota(
          LabQuota(lab: "owner", device: .cpu, quota: Quota(nominal: 1)))
        #expect(set.nominal == 1)
        let job = try await owner.submit(SubmitRequest(spec: try TestQueue.spec()))
        try await eventually { executor.begun.contains { $0.job == job.id } }
        #expect(executor.stops == [.preempted])
        let why = try await queue.member.why(borrower.id)
        #expect(!why.reasons.isEmpty)
        executor.open()
        try await queue.succeeds(borrower.id)
        let deadline = ContinuousClock.now + .seconds(30)
        var ended = try await owner.wait(for: job.id, upTo: 5)
        while !ended.state.isFinal, ContinuousClock.now < deadline {
          ended = try await owner.wait(for: job.id, upTo: 5)
        }
        #expect(ended.state == .succeeded)
        let tasks = try await queue.member.job(borrower.id).tasks
        #expect(tasks.allSatisfy { $0.attempt == 1 && $0.interruptions == 0 })
      }
    }
  }

  @Test("a paused job goes on when it is resumed, and quotas are for administrators")
  func changes() async throws {
    try await TestQueue.run { queue in
      let job = try await queue.submit()
      _ = try await queue.member.change(job.id, ChangeJobRequest(priority: 5, paused: true))
      try await queue.withWorker(GatedExecutor()) { _ in
        let other = try await queue.submit()
        try await queue.succeeds(other.id)
        let why = try await queue.member.why(job.id)
        #expect(why.reasons.first?.hasPrefix("it is paused") == true)
        #expect(try await queue.member.change(job.id, ChangeJobRequest(paused: false)).spec.priority == 5)
        try await queue.succeeds(job.id)
      }
      await refused(.forbidden) {
        _ = try await queue.member.setQuota(LabQuota(lab: "lab", device: .cpu))
      }
      await refused(.forbidden) {
        _ = try await queue.member.changeWorker(1, ChangeWorkerRequest(draining: true))
      }
      #expect(try await queue.member.quotas().isEmpty)
    }
  }
}

import CoordinatorClient
import JobModel
import Logging

/// The tasks in hand, from their beginning to their end.
extension Worker {
  /// Begins a task, or gives it back where it does not fit.
  func begin(_ task: ClaimedTask, _ session: RegisterReply) {
    guard let devices = free.take(task.need) else { return decline(task) }
    let context = TaskContext(task: task, client: client, devices: devices)
    let trust = LeaseTrust(leaseSeconds: session.leaseSeconds, renewedBy: renewedAt)
    let thread = idleThreads.popLast() ?? DedicatedThread(name: "task")
    let executor = executors.first {
      $0.kinds.contains(task.kind) && $0.jobKinds.contains(task.spec.kind)
    }
    let work = Task<TaskOutcome, any Error>(executorPreference: thread) { [files, rules] in
      guard let executor else {
        throw TaskError(
          .transient,
          "this worker has no executor for \(task.kind.rawValue) tasks of \(task.spec.kind.rawValue) jobs")
      }
      try rules.check(task)
      try files.check(task)
      return try await executor.run(task, context: context)
    }
    running[task.lease] = Running(
      context: context, trust: trust, work: work, savesOnRequest: executor?.savesOnRequest ?? false,
      devices: devices)
    logger.info(
      "task \(task.id) (\(task.kind.rawValue) of job \(task.job), attempt \(task.attempt)) begins")
    performing[task.lease] = Task {
      await self.perform(context, work)
      self.ended(context, devices, thread)
    }
  }

  /// A claim takes what fits beside what runs; but a GPU may be withheld while it is under way, and of two tasks that come
  /// together one may need alone what the other one computes on. It waits with the others for a worker that has room.
  private func decline(_ task: ClaimedTask) {
    declined.insert(task.lease)
    logger.notice("task \(task.id) does not fit beside those in hand, and is given back")
    Task {
      do {
        try await client.release(
          ReleaseRequest(leases: [task.lease], reason: "its worker had no room for it beside other tasks"),
          patience: Patience(seconds: 10))
      } catch {
        doubtSession()
      }
      // A coordinator of an earlier version does not know on which GPU tasks compute that ask for none, and would lease the
      // same at once.
      try? await Task.sleep(for: .seconds(1))
      declined.remove(task.lease)
      wakeClaims()
    }
  }

  private func ended(_ context: TaskContext, _ devices: [Int], _ thread: DedicatedThread) {
    let task = context.task
    free.give(task.need, devices: devices)
    for (device, reason) in context.withheldDevices { withhold(device, because: reason) }
    running[task.lease] = nil
    performing[task.lease] = nil
    idleThreads.append(thread)
    wakeClaims()
  }

  /// Tells the work under `lease` to end.
  func stop(_ lease: Lease, _ reason: StopReason) {
    guard let entry = running[lease], entry.context.stopReason == nil else { return }
    entry.context.stop(reason)
    entry.work.cancel()
    logger.notice("task \(lease.task) is told to stop: \(reason.rawValue)")
  }

  /// Others are due its place. Work that can be saved is given the time; other work stops at once.
  func yield(_ lease: Lease) {
    guard let entry = running[lease], !entry.context.isAskedToYield else { return }
    entry.context.askToYield()
    logger.notice("task \(lease.task) is asked to give way")
    if !entry.savesOnRequest { stop(lease, .preempted) }
  }
}

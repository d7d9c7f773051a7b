import CoordinatorClient
import JobModel
import Logging

extension Worker {
  /// Follows one task from its claim to the commit, or the discarding, of its output.
  func perform(_ context: TaskContext, _ work: Task<TaskOutcome, any Error>) async {
    let lease = context.task.lease
    let shipping = Task { await ship(context.logs) }
    let fence = Task { await guardTrust(lease) }
    let result = await work.result
    fence.cancel()
    shipping.cancel()
    await shipping.value

    if let reason = context.stopReason {
      logger.info("task \(lease.task): output discarded (\(reason.rawValue))")
      context.logs.discard()
      if reason == .preempted {
        do {
          try await client.release(
            ReleaseRequest(leases: [lease], reason: "it gave way"), patience: trustLeft(lease))
        } catch {
          doubtSession()
        }
      }
      return
    }
    switch result {
    case .success(let outcome): await commit(outcome, context)
    case .failure(let error): await report(error, context)
    }
  }

  private func commit(_ outcome: TaskOutcome, _ context: TaskContext) async {
    let lease = context.task.lease
    await flush(context.logs)
    do {
      let reply = try await completions.deliver(
        CompleteRequest(
          lease: lease, result: outcome.result, spawn: outcome.spawn, range: outcome.range,
          artifacts: outcome.artifacts, groups: outcome.groups, progress: context.latestProgress),
        patience: trustLeft(lease), for: self)
      switch reply.outcome {
      case .accepted: logger.info("task \(lease.task) done")
      case .stale: logger.notice("task \(lease.task): the lease is over, output discarded")
      case .refused:
        await report(
          TaskError(
            .userError, "the coordinator refuses the task's outcome: \(reply.message ?? "no reason given")"),
          context)
      }
    } catch let error as CoordinatorError where error.kind == .invalid || error.kind == .tooLarge {
      await report(
        TaskError(.userError, "the coordinator refuses the task's outcome: \(error.message)"), context)
    } catch {
      logger.warning(
        "task \(lease.task): its outcome could not be delivered, it will be done again: \(error)")
      doubtSession()
    }
  }

  private func report(_ error: any Error, _ context: TaskContext) async {
    let lease = context.task.lease
    let patience = trustLeft(lease)
    do {
      if error is CancellationError || error is TaskStopped {
        await flush(context.logs)
        try await client.release(
          ReleaseRequest(leases: [lease], reason: "the executor stopped"), patience: patience)
        return
      }
      let failure = Self.failure(of: error)
      context.log("\(failure.failureClass.rawValue): \(failure.message)", stream: .error)
      await flush(context.logs)
      logger.notice("task \(lease.task) failed (\(failure.failureClass.rawValue)): \(failure.message)")
      _ = try await client.fail(FailRequest(lease: lease, failure: failure), patience: patience)
    } catch {
      logger.warning("task \(lease.task): its failure could not be delivered: \(error)")
      doubtSession()
    }
  }

  /// The class and words under which an error of an executor is recorded.
  static func failure(of error: any Error) -> TaskFailure {
    switch error {
    case let error as TaskError: error.failure
    case let error as CoordinatorError: TaskFailure(.transient, error.message)
    case is DecodingError, is EncodingError:
      TaskFailure(
        .userError, "the task's payload or result is not what this version reads", detail: "\(error)")
    default: TaskFailure(.transient, "\(error)")
    }
  }

  /// As long as the lease is trusted, a second at least.
  private func trustLeft(_ lease: Lease) -> Patience {
    guard let until = running[lease]?.trust.until else { return Patience(seconds: 1) }
    let left = (until - .now).components
    return Patience(seconds: max(1, Double(left.seconds) + Double(left.attoseconds) * 1e-18))
  }

  // MARK: Logs

  /// Sends lines as they come until it is cancelled. A request under way is seen through, in a task of its own: given up
  /// half-way, lines that the coordinator has stored already would be sent once more.
  private func ship(_ logs: LogBuffer) async {
    while !Task.isCancelled {
      let batch = logs.nextBatch()
      if batch.isEmpty {
        try? await Task.sleep(for: .milliseconds(250))
        continue
      }
      let sending = Task { await send(batch, of: logs) }
      if await !sending.value { try? await Task.sleep(for: .seconds(1)) }
    }
  }

  /// Sends what is left, as far as the coordinator takes it.
  private func flush(_ logs: LogBuffer) async {
    while case let batch = logs.nextBatch(), !batch.isEmpty {
      guard await send(batch, of: logs, patience: Patience(seconds: 5)) else { return }
    }
  }

  private func send(_ batch: [LogLine], of logs: LogBuffer, patience: Patience = .once) async -> Bool {
    do {
      let reply = try await client.appendLogs(
        AppendLogsRequest(lease: logs.lease, lines: batch), patience: patience)
      if reply.outcome == .stale { logs.discard() } else { logs.confirm(batch.count) }
      return true
    } catch let error as CoordinatorError where error.kind == .invalid || error.kind == .tooLarge {
      // These lines will never be taken; the others shall not wait behind them.
      logs.confirm(batch.count)
      return true
    } catch {
      return false
    }
  }
}

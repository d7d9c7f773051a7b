import CoordinatorClient
import JobModel

/// Outcomes of tasks on their way to the coordinator: those that come while others are under way travel together, so
/// that a worker of many slots costs the database one commit for all that end at about the same time. With them goes the
/// question for the next tasks, which the same commit leases.
actor CompletionQueue {
  /// Fewer than the coordinator takes, so that one body stays far below its limit.
  private static let most = 200

  private let client: CoordinatorClient
  private var waiting: [(CompleteRequest, Patience, CheckedContinuation<CompletionResult, any Error>)] = []
  private var isSending = false

  init(client: CoordinatorClient) { self.client = client }

  /// - Parameter worker: takes the next tasks.
  func deliver(
    _ request: CompleteRequest, patience: Patience, for worker: Worker
  ) async throws -> CompletionResult {
    // Large ones, and those that change their job, travel alone.
    guard request.spawn.isEmpty, request.range == nil, request.groups.isEmpty else {
      return try await alone(request, patience)
    }
    return try await withCheckedThrowingContinuation { continuation in
      waiting.append((request, patience, continuation))
      guard !isSending else { return }
      isSending = true
      Task { await sendAll(for: worker) }
    }
  }

  private func sendAll(for worker: Worker) async {
    while !waiting.isEmpty {
      let batch = Array(waiting.prefix(Self.most))
      waiting.removeFirst(batch.count)
      let requests = batch.map(\.0)
      do {
        let results = try await send(
          requests, batch.map(\.1).max { $0.isShorter(than: $1) } ?? .once, for: worker)
        for (result, (_, _, continuation)) in zip(results, batch) { continuation.resume(returning: result) }
      } catch let error as CoordinatorError where error.kind == .tooLarge && batch.count > 1 {
        // Each has a body of its own then.
        for (request, patience, continuation) in batch {
          do {
            continuation.resume(returning: try await alone(request, patience))
          } catch {
            continuation.resume(throwing: error)
          }
        }
      } catch {
        for (_, _, continuation) in batch { continuation.resume(throwing: error) }
      }
    }
    isSending = false
  }

  private func send(
    _ requests: [CompleteRequest], _ patience: Patience, for worker: Worker
  ) async throws -> [CompletionResult] {
    let leases = requests.map(\.lease)
    guard let claim = await worker.claim(after: leases) else {
      return try await client.complete(requests, patience: patience)
    }
    do {
      let (results, reply) = try await client.complete(requests, next: claim, patience: patience)
      Task { await worker.claimed(reply, by: claim, after: leases) }
      return results
    } catch let error as CoordinatorError
      where error.kind == .tooLarge || error.kind == .tooMany || error.status == 0 && error.kind == .invalid
    {
      // Nothing was done, or not even sent.
      Task { await worker.claimed(ClaimReply(tasks: [], sessionAlive: true), by: claim, after: leases) }
      throw error
    } catch {
      await worker.claimGotNoAnswer(error)
      // The ends may be told twice.
      return try await client.complete(requests, patience: patience)
    }
  }

  private func alone(_ request: CompleteRequest, _ patience: Patience) async throws -> CompletionResult {
    let reply = try await client.complete(request, patience: patience)
    return CompletionResult(
      task: request.lease.task, epoch: request.lease.epoch,
      outcome: reply.outcome == .accepted ? .accepted : .stale)
  }
}

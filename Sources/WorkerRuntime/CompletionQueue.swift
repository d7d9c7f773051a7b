import CoordinatorClient
import JobModel

/// Outcomes of tasks on their way to the coordinator: those that come while others are under way travel together, so
/// that a worker of many slots costs the database one commit for all that end at about the same time.
actor CompletionQueue {
  /// Fewer than the coordinator takes, so that one body stays far below its limit.
  private static let most = 200

  private let client: CoordinatorClient
  private var waiting: [(CompleteRequest, Patience, CheckedContinuation<CompletionResult, any Error>)] = []
  private var isSending = false

  init(client: CoordinatorClient) { self.client = client }

  func deliver(_ request: CompleteRequest, patience: Patience) async throws -> CompletionResult {
    // Large ones, and those that change their job, travel alone.
    guard request.spawn.isEmpty, request.range == nil, request.groups.isEmpty else {
      return try await alone(request, patience)
    }
    return try await withCheckedThrowingContinuation { continuation in
      waiting.append((request, patience, continuation))
      guard !isSending else { return }
      isSending = true
      Task { await sendAll() }
    }
  }

  private func sendAll() async {
    while !waiting.isEmpty {
      let batch = Array(waiting.prefix(Self.most))
      waiting.removeFirst(batch.count)
      do {
        let results = try await client.complete(
          batch.map(\.0), patience: batch.map(\.1).max { $0.isShorter(than: $1) } ?? .once)
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

  private func alone(_ request: CompleteRequest, _ patience: Patience) async throws -> CompletionResult {
    let reply = try await client.complete(request, patience: patience)
    return CompletionResult(
      task: request.lease.task, epoch: request.lease.epoch,
      outcome: reply.outcome == .accepted ? .accepted : .stale)
  }
}

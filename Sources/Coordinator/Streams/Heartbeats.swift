import JobModel
import JobStore

/// Heartbeats of many workers as one transaction: those that come within a moment are renewed together, so that a
/// thousand workers cost the database some statements a second. One that cannot be is renewed alone, and keeps no other
/// worker waiting for its answer.
actor Heartbeats {
  private static let moment = Duration.milliseconds(100)
  private static let most = 1_000

  private let store: JobStore
  private var waiting: [(Heartbeat, CheckedContinuation<HeartbeatReply, any Error>)] = []
  private var isGathering = false

  init(store: JobStore) { self.store = store }

  func renew(_ request: HeartbeatRequest, token: TokenID) async throws -> HeartbeatReply {
    try await withCheckedThrowingContinuation { continuation in
      waiting.append((Heartbeat(request, token: token), continuation))
      guard !isGathering else { return }
      isGathering = true
      Task {
        try? await Task.sleep(for: Self.moment)
        gathered()
      }
    }
  }

  /// The next ones gather while these are renewed.
  private func gathered() {
    isGathering = false
    while !waiting.isEmpty {
      let batch = Array(waiting.prefix(Self.most))
      waiting.removeFirst(batch.count)
      Task {
        do {
          let replies = batch.count > 1 ? try await store.renewTogether(batch.map(\.0)) : [nil]
          for ((heartbeat, continuation), reply) in zip(batch, replies) {
            if let reply {
              continuation.resume(returning: reply)
            } else {
              renewAlone(heartbeat, continuation)
            }
          }
        } catch {
          for (_, continuation) in batch { continuation.resume(throwing: error) }
        }
      }
    }
  }

  private func renewAlone(
    _ heartbeat: Heartbeat, _ continuation: CheckedContinuation<HeartbeatReply, any Error>
  ) {
    Task {
      do {
        continuation.resume(
          returning: try await store.heartbeat(heartbeat.request, token: heartbeat.token))
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }
}

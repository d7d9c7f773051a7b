import Glibc
import HTTPClient
import JobModel
import JobStore
import Logging
import OrderedJSON
import ServiceLifecycle

/// Posts what lies in the outbox. Every coordinator does, and none waits for another: a delivery is taken by one of
/// them, and by the next one if that one dies.
///
/// Nor does a delivery wait for another webhook's: each webhook has a few under way, and when one of them ends the next is
/// taken.
struct WebhookSender: Service {
  /// Under way at once, of all webhooks together.
  static let most = 256
  /// A receiver that has not answered by then is tried again, in seconds.
  static let timeout = 10.0
  /// Meanwhile nobody else takes a delivery: a post and what is noted of it take less, in seconds.
  static let sending = 3 * timeout

  let store: JobStore
  let interval: Duration
  let firstPause: Double
  /// Whether receivers lie in the network alone, and not on this machine.
  let onlyNetwork: Bool
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      // What ends is a post, told by its webhook, or the pause between two looks.
      await withTaskGroup(of: Int64?.self) { group in
        var underWay: [Int64: Int] = [:]
        var (isPauseOver, mayHaveMore) = (true, false)
        while !Task.isCancelled {
          if isPauseOver || mayHaveMore {
            for delivery in await take(beside: underWay) {
              underWay[delivery.webhook, default: 0] += 1
              group.addTask {
                await send(delivery)
                return delivery.webhook
              }
            }
          }
          if isPauseOver {
            group.addTask {
              try? await Task.sleep(for: interval * Double.random(in: 0.8...1.2))
              return nil
            }
          }
          guard let ended = await group.next() else { return }
          (isPauseOver, mayHaveMore) = (ended == nil, false)
          if let webhook = ended {
            let posts = underWay[webhook] ?? 1
            // Where there was no room, more may have been due than was taken.
            mayHaveMore = posts >= JobStore.mostPerWebhook || Self.posts(in: underWay) >= Self.most
            underWay[webhook] = posts > 1 ? posts - 1 : nil
          }
        }
      }
    }
  }

  private static func posts(in underWay: [Int64: Int]) -> Int { underWay.values.reduce(0, +) }

  private func take(beside underWay: [Int64: Int]) async -> [WebhookDelivery] {
    // A database that is away is reported by the leader; the outbox waits.
    let due = try? await store.takeDueDeliveries(
      limit: Self.most - Self.posts(in: underWay), sending: Self.sending, underWay: underWay)
    return due ?? []
  }

  private func send(_ delivery: WebhookDelivery) async {
    do {
      let error = try await post(delivery)
      if let error {
        logger.notice("webhook \(delivery.webhook), delivery \(delivery.message.delivery): \(error)")
      }
      try await store.finishDelivery(delivery, error: error, firstPause: firstPause)
    } catch is CancellationError {
      // Noted not by this task, which is cancelled: the next coordinator need not wait until it counts as dead.
      await Task {
        try? await store.finishDelivery(
          delivery, error: "the coordinator ended meanwhile", firstPause: firstPause)
      }.value
    } catch {
      // Not noted: it is sent again, and the receiver knows the delivery's number.
      logger.debug("delivery \(delivery.message.delivery): \(error)")
    }
  }

  /// - Returns: why the receiver has not taken it.
  private func post(_ delivery: WebhookDelivery) async throws -> String? {
    let body = Array(try JSON(encoding: delivery.message).serialized().utf8)
    let signature = delivery.signature(of: body, at: time(nil))
    let request = HTTPRequest(
      method: "POST", url: delivery.url,
      headers: [
        "Content-Type: application/json", "User-Agent: ar1", "Ar1-Signature: \(signature)",
        "Ar1-Delivery: \(delivery.message.delivery)",
      ], body: body, timeout: Self.timeout, maximumResponseBytes: 64 << 10, onlyNetwork: onlyNetwork)
    do {
      let response = try await HTTPTransport.shared.send(request)
      return (200..<300).contains(response.status) ? nil : "the receiver answered \(response.status)"
    } catch let error as TransportError {
      return "\(error)"
    }
  }
}

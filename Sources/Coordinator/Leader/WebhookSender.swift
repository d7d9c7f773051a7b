import Glibc
import HTTPClient
import JobModel
import JobStore
import Logging
import OrderedJSON
import ServiceLifecycle

/// Posts what lies in the outbox. Every coordinator does, and none waits for another: a delivery is taken by one of
/// them, and by the next one if that one dies.
struct WebhookSender: Service {
  /// At once.
  static let batch = 32
  /// A receiver that has not answered by then is tried again, in seconds.
  static let timeout = 10.0

  let store: JobStore
  let interval: Duration
  let firstPause: Double
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        // A database that is away is reported by the leader; the outbox waits.
        let sent = (try? await sendDue()) ?? 0
        if sent < Self.batch { try? await Task.sleep(for: interval * Double.random(in: 0.8...1.2)) }
      }
    }
  }

  private func sendDue() async throws -> Int {
    let due = try await store.takeDueDeliveries(limit: Self.batch, firstPause: firstPause)
    await withTaskGroup(of: Void.self) { group in
      for delivery in due { group.addTask { await send(delivery) } }
    }
    return due.count
  }

  private func send(_ delivery: WebhookDelivery) async {
    do {
      let error = try await post(delivery)
      if let error {
        logger.notice("webhook \(delivery.webhook), delivery \(delivery.message.delivery): \(error)")
      }
      try await store.finishDelivery(delivery, error: error)
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
      ], body: body, timeout: Self.timeout, maximumResponseBytes: 64 << 10)
    do {
      let response = try await HTTPTransport.shared.send(request)
      return (200..<300).contains(response.status) ? nil : "the receiver answered \(response.status)"
    } catch let error as TransportError {
      return "\(error)"
    }
  }
}

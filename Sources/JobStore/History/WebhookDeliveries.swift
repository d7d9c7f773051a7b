import Digests
public import JobModel
import PostgresClient

/// An event on its way to a receiver.
public struct WebhookDelivery: Sendable {
  public let webhook: Int64
  public let url: String
  public let message: WebhookMessage
  let secret: String

  /// "t=…,v1=…": the HMAC-SHA256, in hexadecimal, of the time, a point and the body, under the webhook's secret.
  public func signature(of body: [UInt8], at seconds: Int) -> String {
    let signed = Array("\(seconds).".utf8) + body
    let code = HMACSHA256.code(of: signed, key: Array(secret.utf8))
    return "t=\(seconds),v1=\(code.hexadecimal)"
  }
}

extension JobStore {
  /// Tried for so long, an event is given up.
  static let longestDelivery = 86_400.0

  /// Of one webhook under way at once, so that a receiver that hangs does not keep the others' waiting.
  public static let mostPerWebhook = 4

  /// Takes deliveries that are due. Each is due again when whoever takes it has had the time to send it: one whose sender
  /// dies is sent by another, one whose receiver is slow is not. (Index webhook_deliveries_due_of, primary key of events.)
  /// - Parameters:
  ///   - sending: seconds within which `finishDelivery` follows.
  ///   - underWay: how many the caller has taken and not finished, by webhook; with them a webhook has at most
  ///     `mostPerWebhook`.
  public func takeDueDeliveries(
    limit: Int, sending: Double, underWay: [Int64: Int] = [:]
  ) async throws -> [WebhookDelivery] {
    let busy = underWay.keys.sorted()
    let deliveries = busy.map { underWay[$0] ?? 0 }
    return try await pool.run { session in
      try session.execute(
        """
        WITH due AS (
          SELECT d.id FROM webhooks w
          LEFT JOIN unnest($4::bigint[], $5::bigint[]) AS busy (webhook_id, deliveries) ON busy.webhook_id = w.id
          CROSS JOIN LATERAL (
            SELECT id, due_at FROM webhook_deliveries WHERE webhook_id = w.id AND due_at <= now()
            ORDER BY webhook_id, due_at LIMIT greatest($3 - coalesce(busy.deliveries, 0), 0)
            FOR UPDATE SKIP LOCKED) AS d
          ORDER BY coalesce(busy.deliveries, 0), d.due_at LIMIT $1
        ), taken AS (
          UPDATE webhook_deliveries d SET attempts = attempts + 1, due_at = now() + make_interval(secs => $2)
          FROM due WHERE d.id = due.id RETURNING d.id, d.webhook_id, d.event_id, d.event_at
        )
        SELECT taken.id AS delivery, w.id AS webhook, w.url, w.secret, e.id,
          extract(epoch FROM e.at)::float8 AS at, e.kind, l.name AS lab, e.job_id, e.task_id,
          u.name AS user_name, e.message
        FROM taken JOIN webhooks w ON w.id = taken.webhook_id
          CROSS JOIN LATERAL (SELECT * FROM events
            WHERE events.id = taken.event_id AND events.at = taken.event_at OFFSET 0) AS e
          LEFT JOIN labs l ON l.id = e.lab_id LEFT JOIN users u ON u.id = e.user_id
        ORDER BY taken.id
        """, limit, sending, Self.mostPerWebhook, busy, deliveries
      ).map { row in
        WebhookDelivery(
          webhook: try row.get("webhook"), url: try row.get("url"),
          message: WebhookMessage(delivery: try row.get("delivery"), event: try Session.event(row)),
          secret: try row.get("secret"))
      }
    }
  }

  /// Notes what came of a try: without an error the receiver has the event; with one it is tried again after a pause that
  /// doubles with every try, up to an hour, for a day. (Primary keys of webhooks and webhook_deliveries.)
  /// - Parameter firstPause: after the first try, in seconds.
  public func finishDelivery(
    _ delivery: WebhookDelivery, error: String?, firstPause: Double
  ) async throws {
    try await pool.transaction { session in
      if let error {
        try session.execute(
          "UPDATE webhooks SET failed_at = now(), last_error = $2 WHERE id = $1", delivery.webhook,
          StoredJSON.clean(String(error.prefix(500))))
        let givenUp = try session.execute(
          """
          DELETE FROM webhook_deliveries
          WHERE id = $1 AND created_at < now() - make_interval(secs => $2)
          """, delivery.message.delivery, Self.longestDelivery
        ).affected
        if givenUp > 0 {
          try session.execute("UPDATE webhooks SET given_up = given_up + 1 WHERE id = $1", delivery.webhook)
        } else {
          try session.execute(
            """
            UPDATE webhook_deliveries SET
              due_at = now() + make_interval(secs => least(3600, $2 * 2 ^ least(attempts - 1, 12))) WHERE id = $1
            """, delivery.message.delivery, firstPause)
        }
      } else {
        let taken = try session.execute(
          "DELETE FROM webhook_deliveries WHERE id = $1", delivery.message.delivery
        ).affected
        guard taken > 0 else { return }
        try session.execute(
          "UPDATE webhooks SET delivered = delivered + 1, delivered_at = now() WHERE id = $1",
          delivery.webhook)
      }
    }
  }
}

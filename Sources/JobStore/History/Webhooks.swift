public import JobModel
import PostgresClient

extension JobStore {
  /// Has the lab's events posted to an address from now on.
  public func createWebhook(
    _ request: CreateWebhookRequest, by caller: Caller
  ) async throws -> CreatedWebhook {
    try Self.check(webhook: request)
    let secret = TokenSecret.fresh(prefix: "whsec_")
    return try await pool.transaction { session in
      let id: Int64 = try session.execute(
        "INSERT INTO webhooks (lab_id, url, secret, kinds) VALUES ($1, $2, $3, $4::text[]) RETURNING id",
        caller.lab, request.url, secret, request.kinds
      ).only().get("id")
      try session.noteEvent(
        "webhook-created", lab: caller.lab, user: caller.user, message: "webhook \(id) to \(request.url)")
      return CreatedWebhook(id: id, secret: secret)
    }
  }

  /// A lab's webhooks, the newest first. (Index webhooks_of_lab.)
  public func webhooks(lab: LabID, before: Int64? = nil, limit: Int = 100) async throws -> WebhookList {
    let page = Page(limit)
    let webhooks = try await pool.run { session in
      try session.webhooks(lab: lab, before: before, limit: page.lookedFor)
    }
    let (elements, next) = page.cut(webhooks, by: \.id)
    return WebhookList(webhooks: elements, next: next)
  }

  /// Ends a webhook of the lab, with what it has not delivered.
  public func deleteWebhook(_ id: Int64, by caller: Caller) async throws {
    try await pool.transaction { session in
      // A deletion holds up whoever notes events; one of nothing would, too.
      let gone = try session.execute(
        "SELECT url FROM webhooks WHERE id = $1 AND lab_id = $2", id, caller.lab
      ).first
      guard let gone, try session.execute("DELETE FROM webhooks WHERE id = $1", id).affected == 1 else {
        throw StoreError.notFound("there is no webhook \(id) in this lab")
      }
      try session.noteEvent(
        "webhook-deleted", lab: caller.lab, user: caller.user,
        message: "webhook \(id) to \(try gone.get("url", as: String.self))")
    }
  }

  private static func check(webhook request: CreateWebhookRequest) throws {
    let url = request.url
    guard url.hasPrefix("http://") || url.hasPrefix("https://"), url.utf8.count <= 2_000,
      url.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
    else {
      throw StoreError.invalid(
        "a webhook's address begins with http:// or https:// and has no blanks, found '\(url.prefix(200))'")
    }
    if let kinds = request.kinds {
      guard (1...50).contains(kinds.count) else {
        throw StoreError.invalid("a webhook names 1 to 50 kinds of events, such as job-failed")
      }
      if let refusal = EventKinds.refusal(of: kinds) { throw StoreError.invalid(refusal) }
    }
  }
}

extension Session {
  /// (Indices webhooks_of_lab, webhook_deliveries_due_of.)
  fileprivate func webhooks(lab: LabID, before: Int64?, limit: Int) throws -> [WebhookRecord] {
    try execute(
      """
      SELECT w.id, w.url, w.kinds, w.delivered, w.given_up, w.last_error,
        extract(epoch FROM w.created_at)::float8 AS created_at,
        extract(epoch FROM w.delivered_at)::float8 AS delivered_at,
        extract(epoch FROM w.failed_at)::float8 AS failed_at,
        (SELECT count(*) FROM webhook_deliveries d WHERE d.webhook_id = w.id) AS pending
      FROM webhooks w WHERE w.lab_id = $1 AND ($2::bigint IS NULL OR w.id < $2) ORDER BY w.id DESC LIMIT $3
      """, lab, before, limit
    ).map { row in
      WebhookRecord(
        id: try row.get("id"), url: try row.get("url"), kinds: try row.getIfPresent("kinds"),
        createdAt: try row.get("created_at"), delivered: try row.get("delivered"),
        givenUp: try row.get("given_up"), pending: try row.get("pending"),
        deliveredAt: try row.getIfPresent("delivered_at"), failedAt: try row.getIfPresent("failed_at"),
        lastError: try row.getIfPresent("last_error"))
    }
  }
}

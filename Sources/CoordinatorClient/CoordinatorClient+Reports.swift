public import JobModel

/// Views over many jobs, and webhooks.
extension CoordinatorClient {
  public func overview() async throws -> Overview { try await get("/v1/overview") }

  /// - Parameter month: "2026-11".
  public func usage(month: String) async throws -> UsageReport {
    try await get(Self.query("/v1/usage", ("month", month)), timeout: 120)
  }

  public func webhooks() async throws -> [WebhookRecord] {
    try await pages { before in
      let page: WebhookList = try await get(Self.page("/v1/webhooks", before: before))
      return (page.webhooks, page.next)
    }
  }

  public func createWebhook(_ body: CreateWebhookRequest) async throws -> CreatedWebhook {
    try await post("/v1/webhooks", body, mayRepeat: false)
  }

  public func deleteWebhook(_ id: Int64) async throws { try await delete("/v1/webhooks/\(id)") }
}

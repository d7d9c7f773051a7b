public struct CreateWebhookRequest: Codable, Sendable, Equatable {
  /// Where events are posted to: http or https.
  public var url: String
  /// Only events of these kinds; nil is every event of a job.
  public var kinds: [String]?

  public init(url: String, kinds: [String]? = nil) {
    self.url = url
    self.kinds = kinds
  }
}

/// The only time the secret can be read; the receiver checks signatures with it.
public struct CreatedWebhook: Codable, Sendable, Equatable {
  public var id: Int64
  public var secret: String
  public init(id: Int64, secret: String) {
    self.id = id
    self.secret = secret
  }
}

public struct WebhookRecord: Codable, Sendable, Equatable {
  public var id: Int64
  public var url: String
  public var kinds: [String]?
  public var createdAt: Timestamp
  /// Events taken by the receiver so far.
  public var delivered: Int
  /// Events that were tried for a day in vain.
  public var givenUp: Int
  /// Events that wait for another try.
  public var pending: Int
  public var deliveredAt: Timestamp?
  public var failedAt: Timestamp?
  /// Why the last failed try failed.
  public var lastError: String?

  public init(
    id: Int64, url: String, kinds: [String]?, createdAt: Timestamp, delivered: Int, givenUp: Int,
    pending: Int, deliveredAt: Timestamp?, failedAt: Timestamp?, lastError: String?
  ) {
    self.id = id
    self.url = url
    self.kinds = kinds
    self.createdAt = createdAt
    self.delivered = delivered
    self.givenUp = givenUp
    self.pending = pending
    self.deliveredAt = deliveredAt
    self.failedAt = failedAt
    self.lastError = lastError
  }

  enum CodingKeys: String, CodingKey {
    case id, url, kinds, delivered, pending
    case createdAt = "created_at"
    case givenUp = "given_up"
    case deliveredAt = "delivered_at"
    case failedAt = "failed_at"
    case lastError = "last_error"
  }
}

public struct WebhookList: Codable, Sendable, Equatable {
  public var webhooks: [WebhookRecord]
  /// Ask for what comes before this number to go on; nil at the end.
  public var next: Int64?
  public init(webhooks: [WebhookRecord], next: Int64?) {
    self.webhooks = webhooks
    self.next = next
  }
}

/// What a receiver gets.
public struct WebhookMessage: Codable, Sendable, Equatable {
  /// The same over all tries of one event: a receiver that sees it again has it already.
  public var delivery: Int64
  public var event: EventRecord

  public init(delivery: Int64, event: EventRecord) {
    self.delivery = delivery
    self.event = event
  }
}

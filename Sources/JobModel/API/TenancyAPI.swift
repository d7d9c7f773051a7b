/// A lab as its administration sees it.
public struct LabRecord: Codable, Sendable, Equatable {
  public var id: LabID
  public var name: String
  public var createdAt: Timestamp
  /// Since when its tokens are refused; nil while it is open.
  public var closedAt: Timestamp?
  /// Since when nothing of it begins; nil while it is not paused.
  public var pausedAt: Timestamp?
  /// Users that are not disabled.
  public var users: Int
  /// Jobs that have not ended.
  public var unfinishedJobs: Int

  public init(
    id: LabID, name: String, createdAt: Timestamp, closedAt: Timestamp?, pausedAt: Timestamp?, users: Int,
    unfinishedJobs: Int
  ) {
    self.id = id
    self.name = name
    self.createdAt = createdAt
    self.closedAt = closedAt
    self.pausedAt = pausedAt
    self.users = users
    self.unfinishedJobs = unfinishedJobs
  }

  enum CodingKeys: String, CodingKey {
    case id, name, users
    case createdAt = "created_at"
    case closedAt = "closed_at"
    case pausedAt = "paused_at"
    case unfinishedJobs = "unfinished_jobs"
  }
}

public struct LabList: Codable, Sendable, Equatable {
  public var labs: [LabRecord]
  /// Ask for what comes before this number to go on; nil at the end.
  public var next: LabID?
  public init(labs: [LabRecord], next: LabID?) {
    self.labs = labs
    self.next = next
  }
}

public struct CreateLabRequest: Codable, Sendable, Equatable {
  /// Also the name of its folder below the coordinator's lab root.
  public var name: String
  public init(name: String) { self.name = name }
}

/// What shall become of a lab; what is not given stays.
public struct ChangeLabRequest: Codable, Sendable, Equatable {
  /// A closed lab's tokens are refused; its running tasks go on. For administrators.
  public var closed: Bool?
  /// Of a paused lab nothing begins; its running tasks go on, and jobs may be submitted.
  public var paused: Bool?
  /// For whoever asks later why.
  public var reason: String?

  public init(closed: Bool? = nil, paused: Bool? = nil, reason: String? = nil) {
    self.closed = closed
    self.paused = paused
    self.reason = reason
  }
}

public struct UserRecord: Codable, Sendable, Equatable {
  public var id: UserID
  public var name: String
  public var lab: String
  public var role: Role
  public var createdAt: Timestamp
  /// Since when her tokens are refused.
  public var disabledAt: Timestamp?
  /// Tokens that work now.
  public var tokens: Int

  public init(
    id: UserID, name: String, lab: String, role: Role, createdAt: Timestamp, disabledAt: Timestamp?,
    tokens: Int
  ) {
    self.id = id
    self.name = name
    self.lab = lab
    self.role = role
    self.createdAt = createdAt
    self.disabledAt = disabledAt
    self.tokens = tokens
  }

  enum CodingKeys: String, CodingKey {
    case id, name, lab, role, tokens
    case createdAt = "created_at"
    case disabledAt = "disabled_at"
  }
}

public struct UserList: Codable, Sendable, Equatable {
  public var users: [UserRecord]
  /// Ask for what comes before this number to go on; nil at the end.
  public var next: UserID?
  public init(users: [UserRecord], next: UserID?) {
    self.users = users
    self.next = next
  }
}

public struct CreateUserRequest: Codable, Sendable, Equatable {
  public var name: String
  public var role: Role
  /// Another lab than the caller's own; for administrators.
  public var lab: String?

  public init(name: String, role: Role, lab: String? = nil) {
    self.name = name
    self.role = role
    self.lab = lab
  }
}

/// What shall become of a user; what is not given stays.
public struct ChangeUserRequest: Codable, Sendable, Equatable {
  public var role: Role?
  public var disabled: Bool?
  /// For whoever asks later why.
  public var reason: String?

  public init(role: Role? = nil, disabled: Bool? = nil, reason: String? = nil) {
    self.role = role
    self.disabled = disabled
    self.reason = reason
  }
}

public struct CreateTokenRequest: Codable, Sendable, Equatable {
  public var user: String
  public var role: Role
  /// Seconds from now; nil never expires.
  public var expiresIn: Double?
  /// Fewer than the role's; nil takes all of them.
  public var scopes: [Scope]?
  /// For people: where the token is used.
  public var note: String?
  /// Another lab than the caller's own; for administrators.
  public var lab: String?

  public init(
    user: String, role: Role, expiresIn: Double? = nil, scopes: [Scope]? = nil, note: String? = nil,
    lab: String? = nil
  ) {
    self.user = user
    self.role = role
    self.expiresIn = expiresIn
    self.scopes = scopes
    self.note = note
    self.lab = lab
  }

  enum CodingKeys: String, CodingKey {
    case user, role
    case expiresIn = "expires_in"
    case scopes, note, lab
  }
}

/// The only time a token can be read: the database keeps its hash.
public struct CreatedToken: Codable, Sendable, Equatable {
  public var id: TokenID
  public var secret: String
  public init(id: TokenID, secret: String) {
    self.id = id
    self.secret = secret
  }
}

public struct RotateTokenRequest: Codable, Sendable, Equatable {
  /// For so many seconds the old token works beside the new one; 0 ends it at once.
  public var overlap: Double
  public init(overlap: Double = 0) { self.overlap = overlap }
}

/// A token as it can be listed: without its secret.
public struct TokenRecord: Codable, Sendable, Equatable {
  public var id: TokenID
  public var user: String
  public var lab: String
  public var role: Role
  public var scopes: [Scope]
  public var note: String
  public var createdAt: Timestamp
  public var expiresAt: Timestamp?
  public var revokedAt: Timestamp?
  /// To some minutes; nil before its first use.
  public var lastUsedAt: Timestamp?
  /// Neither revoked nor expired, of a user and a lab that are not shut out.
  public var works: Bool

  public init(
    id: TokenID, user: String, lab: String, role: Role, scopes: [Scope], note: String, createdAt: Timestamp,
    expiresAt: Timestamp?, revokedAt: Timestamp?, lastUsedAt: Timestamp?, works: Bool
  ) {
    self.id = id
    self.user = user
    self.lab = lab
    self.role = role
    self.scopes = scopes
    self.note = note
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.revokedAt = revokedAt
    self.lastUsedAt = lastUsedAt
    self.works = works
  }

  enum CodingKeys: String, CodingKey {
    case id, user, lab, role, scopes, note, works
    case createdAt = "created_at"
    case expiresAt = "expires_at"
    case revokedAt = "revoked_at"
    case lastUsedAt = "last_used_at"
  }
}

public struct TokenList: Codable, Sendable, Equatable {
  public var tokens: [TokenRecord]
  /// Ask for what comes before this number to go on; nil at the end.
  public var next: TokenID?
  public init(tokens: [TokenRecord], next: TokenID?) {
    self.tokens = tokens
    self.next = next
  }
}

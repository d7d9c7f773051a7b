public import JobModel
import PostgresClient

extension JobStore {
  /// A new user of a lab.
  public func createUser(_ request: CreateUserRequest, by caller: Caller) async throws -> UserRecord {
    try Self.check(name: request.name, of: "user")
    try Self.checkGift(of: request.role, by: caller)
    let lab = try await lab(request.lab, for: caller)
    return try await pool.transaction { session in
      let id = try session.execute(
        """
        INSERT INTO users (lab_id, name, role) VALUES ($1, $2, $3)
        ON CONFLICT (lab_id, name) DO NOTHING RETURNING id
        """, lab, request.name, request.role.rawValue
      ).first.map { try $0.get("id", as: UserID.self) }
      guard let id else { throw StoreError.conflict("there is a user '\(request.name)' in this lab already") }
      try session.noteEvent(
        "user-created", lab: lab, user: caller.user, message: "\(request.name), \(request.role.rawValue)")
      return try session.user(id)
    }
  }

  /// A lab's users, the newest first. (Index users_of_lab.)
  public func users(lab: LabID, before: UserID? = nil, limit: Int = 100) async throws -> UserList {
    let page = Page(limit)
    let users = try await pool.run { session in
      try session.users(lab: lab, only: nil, before: before, limit: page.lookedFor)
    }
    let (elements, next) = page.cut(users, by: \.id)
    return UserList(users: elements, next: next)
  }

  /// Gives a user another role, or shuts her out and in again. Both change at once what her tokens allow.
  public func changeUser(
    _ id: UserID, _ request: ChangeUserRequest, by caller: Caller
  ) async throws -> UserRecord {
    guard id != caller.user else {
      throw StoreError.conflict("nobody changes the own role; ask another administrator")
    }
    return try await pool.transaction { session in
      let row = try session.execute(
        """
        SELECT lab_id, name, role FROM users WHERE id = $1 AND ($2::bigint IS NULL OR lab_id = $2)
        FOR NO KEY UPDATE
        """, id, caller.may(.administer) ? nil : caller.lab
      ).first
      guard let row else { throw StoreError.notFound("there is no user \(id) in this lab") }
      let lab: LabID = try row.get("lab_id")
      let name: String = try row.get("name")
      try Self.checkGift(of: try row.name("role"), by: caller)
      if let role = request.role {
        try Self.checkGift(of: role, by: caller)
        try session.execute("UPDATE users SET role = $2 WHERE id = $1", id, role.rawValue)
        try session.noteChange(
          "user-changed", of: lab, by: caller, "\(name) is \(role.rawValue) now", reason: request.reason)
      }
      if let disabled = request.disabled {
        try session.execute(
          """
          UPDATE users SET disabled_at = CASE WHEN $2 THEN coalesce(disabled_at, now()) END WHERE id = $1
          """, id, disabled)
        try session.noteChange(
          disabled ? "user-disabled" : "user-enabled", of: lab, by: caller, name, reason: request.reason)
      }
      return try session.user(id)
    }
  }

  /// Nobody gives, takes or borrows a role above her own reach.
  static func checkGift(of role: Role, by caller: Caller) throws {
    guard role.mayBeGiven(by: caller.scopes) else {
      throw StoreError.forbidden("the role \(role.rawValue) is an administrator's to give and to change")
    }
  }
}

extension Session {
  fileprivate func user(_ id: UserID) throws -> UserRecord {
    guard let user = try users(lab: nil, only: id, before: nil, limit: 1).first else {
      throw StoreError.notFound("there is no user \(id)")
    }
    return user
  }

  /// (Primary key of users, index users_of_lab, index tokens_of_user.)
  fileprivate func users(lab: LabID?, only id: UserID?, before: UserID?, limit: Int) throws -> [UserRecord] {
    try execute(
      """
      SELECT u.id, u.name, l.name AS lab, u.role, extract(epoch FROM u.created_at)::float8 AS created_at,
        extract(epoch FROM u.disabled_at)::float8 AS disabled_at,
        (SELECT count(*) FROM tokens t WHERE t.user_id = u.id AND t.revoked_at IS NULL
          AND (t.expires_at IS NULL OR t.expires_at > now())) AS tokens
      FROM users u JOIN labs l ON l.id = u.lab_id
      WHERE ($1::bigint IS NULL OR u.lab_id = $1) AND ($2::bigint IS NULL OR u.id = $2)
        AND ($3::bigint IS NULL OR u.id < $3)
      ORDER BY u.id DESC LIMIT $4
      """, lab, id, before, limit
    ).map { row in
      UserRecord(
        id: try row.get("id"), name: try row.get("name"), lab: try row.get("lab"), role: try row.name("role"),
        createdAt: try row.get("created_at"), disabledAt: try row.getIfPresent("disabled_at"),
        tokens: try row.get("tokens"))
    }
  }
}

public import JobModel
import PostgresClient

extension JobStore {
  /// Whom a secret stands for; nil when it is unknown, expired or revoked, or its user or lab is shut out.
  ///
  /// The look-up is by hash, so its timing says nothing about secrets. What the token allows is what its own role and
  /// scopes and its user's role have in common, looked up anew each time. (Unique index of tokens on hash.)
  public func authenticate(secret: String) async throws -> Caller? {
    let hash = TokenSecret.hash(secret)
    return try await pool.run { session in
      let row = try session.execute(
        """
        SELECT t.id, t.role, t.scopes::text AS scopes, u.role AS user_role, u.id AS user_id,
          u.name AS user_name, l.id AS lab_id, l.name AS lab_name,
          t.last_used_at IS NULL OR t.last_used_at < now() - interval '5 minutes' AS note_use
        FROM tokens t JOIN users u ON u.id = t.user_id JOIN labs l ON l.id = u.lab_id
        WHERE t.hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
          AND u.disabled_at IS NULL AND l.closed_at IS NULL
        """, BinaryValue(hash)
      ).first
      guard let row else { return nil }
      let caller = try Self.caller(row)
      if try row.get("note_use") { try session.noteUse(of: caller.token) }
      return caller
    }
  }

  /// Whether a token that was good before is so still, and allows what it is used for. (Primary key of tokens.)
  public func isStillGood(_ token: TokenID, for scope: Scope) async throws -> Bool {
    try await pool.run { session in
      let row = try session.execute(
        """
        SELECT t.role, t.scopes::text AS scopes, u.role AS user_role
        FROM tokens t JOIN users u ON u.id = t.user_id JOIN labs l ON l.id = u.lab_id
        WHERE t.id = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
          AND u.disabled_at IS NULL AND l.closed_at IS NULL
        """, token
      ).first
      guard let row else { return false }
      return Self.allowed(
        by: try row.name("role"), and: try row.name("user_role"), within: try row.scopes("scopes")
      ).contains(scope)
    }
  }

  private static func caller(_ row: Rows.Row) throws -> Caller {
    let role: Role = try row.name("role")
    return Caller(
      lab: try row.get("lab_id"), labName: try row.get("lab_name"), user: try row.get("user_id"),
      userName: try row.get("user_name"), role: role, token: try row.get("id"),
      scopes: allowed(by: role, and: try row.name("user_role"), within: try row.scopes("scopes")))
  }

  /// In the order of `Scope.allCases`.
  static func allowed(by role: Role, and user: Role, within scopes: [Scope]?) -> [Scope] {
    Scope.allCases.filter { scope in
      role.scopes.contains(scope) && user.scopes.contains(scope) && (scopes?.contains(scope) ?? true)
    }
  }
}

extension Rows.Row {
  /// A column of scopes; nil where the token was not narrowed.
  func scopes(_ column: String) throws -> [Scope]? {
    try getIfPresent(column, as: [String].self)?.map { name in
      guard let scope = Scope(rawValue: name) else { throw PostgresError(.decoding, "'\(name)' is no scope") }
      return scope
    }
  }
}

extension Session {
  /// To some minutes, so that a busy token does not write a row per request. (Primary key of tokens.)
  fileprivate func noteUse(of token: TokenID) throws {
    try execute(
      """
      UPDATE tokens SET last_used_at = now()
      WHERE id = (SELECT id FROM tokens WHERE id = $1
        AND (last_used_at IS NULL OR last_used_at < now() - interval '5 minutes')
        FOR NO KEY UPDATE SKIP LOCKED)
      """, token)
  }
}

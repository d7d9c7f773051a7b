public import JobModel
import PostgresClient

extension JobStore {
  /// A new token for a user of the lab, who is made if new. The secret is returned once and stored only as its
  /// hash.
  /// - Parameter caller: who asks; nil is whoever runs the database.
  public func createToken(
    _ request: CreateTokenRequest, lab: LabID, by caller: Caller? = nil
  ) async throws -> CreatedToken {
    try Self.check(name: request.user, of: "user")
    if let caller { try Self.checkGift(of: request.role, by: caller) }
    if let seconds = request.expiresIn, !(seconds > 0 && seconds < 4e9) {
      throw StoreError.invalid("a token expires in a positive number of seconds, found \(seconds)")
    }
    if let scopes = request.scopes, scopes.isEmpty || !scopes.allSatisfy(request.role.scopes.contains) {
      let allowed = Scope.allCases.filter(request.role.scopes.contains).map(\.rawValue)
      throw StoreError.invalid(
        "scopes narrow a token: one or more of \(allowed.joined(separator: ", ")) for the role "
          + "\(request.role.rawValue)")
    }
    let note = request.note ?? ""
    guard OneLine.holds(note, longest: 200) else {
      throw StoreError.invalid("a note is one line of at most 200 characters")
    }
    let secret = TokenSecret.fresh()
    let id: TokenID = try await pool.transaction { session in
      let user = try session.userForToken(request, lab: lab)
      let id: TokenID = try session.execute(
        """
        INSERT INTO tokens (user_id, hash, role, scopes, note, expires_at)
        VALUES ($1, $2, $3, $4::text[], $5, now() + make_interval(secs => $6)) RETURNING id
        """, user, BinaryValue(TokenSecret.hash(secret)), request.role.rawValue,
        request.scopes?.map(\.rawValue), note, request.expiresIn
      ).only().get("id")
      try session.noteEvent(
        "token-created", lab: lab, user: caller?.user,
        message: "token \(id) of \(request.user), role \(request.role.rawValue)")
      return id
    }
    return CreatedToken(id: id, secret: secret)
  }

  /// A lab's tokens, the newest first. (Primary key of tokens backwards, primary key of users.)
  public func tokens(lab: LabID, before: TokenID? = nil, limit: Int = 100) async throws -> TokenList {
    let page = Page(limit)
    let tokens = try await pool.run { session in
      try session.tokens(lab: lab, before: before, limit: page.lookedFor)
    }
    let (elements, next) = page.cut(tokens, by: \.id)
    return TokenList(tokens: elements, next: next)
  }

  /// Ends a token of the lab at once; an administrator may end any.
  public func revokeToken(_ id: TokenID, by caller: Caller, reason: String? = nil) async throws {
    try await pool.transaction { session in
      let token = try session.tokenToChange(id, by: caller)
      try session.execute(
        "UPDATE tokens SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1", id)
      try session.noteChange(
        "token-revoked", of: token.lab, by: caller, "token \(id) of \(token.user)", reason: reason)
    }
  }

  /// Ends those of a lab's tokens that bear a note, such as the ones whose processes are gone.
  public func revokeTokens(noted note: String, lab: LabID, reason: String) async throws {
    try await pool.transaction { session in
      let ended = try session.execute(
        """
        UPDATE tokens t SET revoked_at = now() FROM users u
        WHERE u.id = t.user_id AND u.lab_id = $1 AND t.note = $2 AND t.revoked_at IS NULL
        RETURNING t.id, u.name
        """, lab, note)
      for index in 0..<ended.count {
        let (id, user): (TokenID, String) = (try ended[index].get("id"), try ended[index].get("name"))
        try session.noteEvent("token-revoked", lab: lab, message: "token \(id) of \(user): \(reason)")
      }
    }
  }

  /// A new secret with the old one's user, role, scopes, note and length of life; the old one works on for the
  /// overlap. Everybody may rotate the token she speaks with.
  public func rotateToken(
    _ id: TokenID, _ request: RotateTokenRequest, by caller: Caller
  ) async throws -> CreatedToken {
    guard request.overlap >= 0, request.overlap <= 90 * 86_400 else {
      throw StoreError.invalid("an overlap is 0 to \(90 * 86_400) seconds, found \(request.overlap)")
    }
    let secret = TokenSecret.fresh()
    let fresh: TokenID = try await pool.transaction { session in
      let token = try session.tokenToChange(id, by: caller)
      guard token.works else {
        throw StoreError.conflict("token \(id) has expired or was revoked; make a new one instead")
      }
      let fresh: TokenID = try session.execute(
        """
        INSERT INTO tokens (user_id, hash, role, scopes, note, expires_at)
        SELECT user_id, $2, role, scopes, note, now() + (expires_at - created_at) FROM tokens WHERE id = $1
        RETURNING id
        """, id, BinaryValue(TokenSecret.hash(secret))
      ).only().get("id")
      try session.execute(
        """
        UPDATE tokens SET expires_at = least(expires_at, now() + make_interval(secs => $2)), successor_id = $3
        WHERE id = $1
        """, id, request.overlap, fresh)
      try session.noteEvent(
        "token-rotated", lab: token.lab, user: caller.user,
        message: "token \(id) of \(token.user) became \(fresh); the old one works for "
          + "\(Int(request.overlap)) s")
      return fresh
    }
    return CreatedToken(id: fresh, secret: secret)
  }
}

/// A token that is locked until its transaction ends.
private struct LockedToken {
  let lab: LabID
  let user: String
  let works: Bool
}

extension Session {
  /// The user a token is for, made if new; a known one must have a role that covers the token's.
  fileprivate func userForToken(_ request: CreateTokenRequest, lab: LabID) throws -> UserID {
    let user = try execute(
      """
      INSERT INTO users (lab_id, name, role) VALUES ($1, $2, $3)
      ON CONFLICT (lab_id, name) DO UPDATE SET name = excluded.name RETURNING id, role
      """, lab, request.user, request.role.rawValue
    ).only()
    let role: Role = try user.name("role")
    guard request.role.scopes.isSubset(of: role.scopes) else {
      throw StoreError.conflict(
        "\(request.user) has the role \(role.rawValue) and cannot have a token of the role \(request.role.rawValue); "
          + "'ar1 user set' changes the role")
    }
    return try user.get("id")
  }

  /// (Primary keys of tokens and users.)
  fileprivate func tokenToChange(_ id: TokenID, by caller: Caller) throws -> LockedToken {
    let row = try execute(
      """
      SELECT u.lab_id, u.name, t.role, t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
        AS works
      FROM tokens t JOIN users u ON u.id = t.user_id
      WHERE t.id = $1 AND ($2::bigint IS NULL OR u.lab_id = $2) FOR NO KEY UPDATE OF t
      """, id, caller.may(.administer) ? nil : caller.lab
    ).first
    guard let row, id == caller.token || caller.may(.manage) else {
      throw StoreError.notFound("there is no token \(id) that you may change")
    }
    // Whoever could rotate a token above her own reach would get its rights.
    if id != caller.token { try JobStore.checkGift(of: try row.name("role"), by: caller) }
    return LockedToken(lab: try row.get("lab_id"), user: try row.get("name"), works: try row.get("works"))
  }

  fileprivate func tokens(lab: LabID, before: TokenID?, limit: Int) throws -> [TokenRecord] {
    try execute(
      """
      SELECT t.id, u.name AS user_name, l.name AS lab, t.role, t.scopes::text AS scopes, u.role AS user_role,
        t.note, extract(epoch FROM t.created_at)::float8 AS created_at,
        extract(epoch FROM t.expires_at)::float8 AS expires_at,
        extract(epoch FROM t.revoked_at)::float8 AS revoked_at,
        extract(epoch FROM t.last_used_at)::float8 AS last_used_at,
        t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
          AND u.disabled_at IS NULL AND l.closed_at IS NULL AS works
      FROM tokens t JOIN users u ON u.id = t.user_id JOIN labs l ON l.id = u.lab_id
      WHERE u.lab_id = $1 AND ($2::bigint IS NULL OR t.id < $2) ORDER BY t.id DESC LIMIT $3
      """, lab, before, limit
    ).map { row in
      let role: Role = try row.name("role")
      return TokenRecord(
        id: try row.get("id"), user: try row.get("user_name"), lab: try row.get("lab"), role: role,
        scopes: JobStore.allowed(
          by: role, and: try row.name("user_role"), within: try row.scopes("scopes")),
        note: try row.get("note"), createdAt: try row.get("created_at"),
        expiresAt: try row.getIfPresent("expires_at"), revokedAt: try row.getIfPresent("revoked_at"),
        lastUsedAt: try row.getIfPresent("last_used_at"), works: try row.get("works"))
    }
  }
}

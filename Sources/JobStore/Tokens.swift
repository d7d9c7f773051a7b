import Crypto
public import JobModel
import PostgresClient

extension JobStore {
  /// The lab of this name, made if there is none.
  public func createLab(named name: String) async throws -> LabID {
    try Self.check(name: name, of: "lab")
    return try await pool.run { session in
      try session.execute(
        """
        INSERT INTO labs (name) VALUES ($1)
        ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id
        """, name
      ).only().get("id")
    }
  }

  /// A new token for a user of the lab, who is made if new. The secret is returned once and stored only as its
  /// hash.
  public func createToken(_ request: CreateTokenRequest, lab: LabID) async throws -> CreatedToken {
    try Self.check(name: request.user, of: "user")
    if let seconds = request.expiresIn, !(seconds > 0 && seconds < 4e9) {
      throw StoreError.invalid("a token expires in a positive number of seconds, found \(seconds)")
    }
    let secret = TokenSecret.fresh()
    let id: TokenID = try await pool.transaction { session in
      let user: UserID = try session.execute(
        """
        INSERT INTO users (lab_id, name) VALUES ($1, $2)
        ON CONFLICT (lab_id, name) DO UPDATE SET name = excluded.name RETURNING id
        """, lab, request.user
      ).only().get("id")
      let id: TokenID = try session.execute(
        """
        INSERT INTO tokens (user_id, hash, role, expires_at)
        VALUES ($1, $2, $3, now() + make_interval(secs => $4)) RETURNING id
        """, user, Parameter.bytes(TokenSecret.hash(secret)), request.role.rawValue, request.expiresIn
      ).only().get("id")
      try session.noteEvent(
        "token-created", lab: lab, user: user, message: "token \(id), role \(request.role.rawValue)")
      return id
    }
    return CreatedToken(id: id, secret: secret)
  }

  /// Whom a secret stands for; nil when it is unknown, expired or revoked. The look-up is by hash, so its timing
  /// says nothing about secrets. (Unique index of tokens on hash.)
  public func authenticate(secret: String) async throws -> Caller? {
    let hash = TokenSecret.hash(secret)
    return try await pool.run { session in
      try session.execute(
        """
        SELECT t.id, t.role, u.id AS user_id, u.name AS user_name, l.id AS lab_id, l.name AS lab_name
        FROM tokens t JOIN users u ON u.id = t.user_id JOIN labs l ON l.id = u.lab_id
        WHERE t.hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
        """, Parameter.bytes(hash)
      ).first.map { row in
        Caller(
          lab: try row.get("lab_id"), labName: try row.get("lab_name"), user: try row.get("user_id"),
          userName: try row.get("user_name"), role: try row.name("role"), token: try row.get("id"))
      }
    }
  }

  /// Ends a token of the lab at once.
  public func revokeToken(_ id: TokenID, lab: LabID) async throws {
    try await pool.transaction { session in
      let revoked = try session.execute(
        """
        UPDATE tokens SET revoked_at = coalesce(revoked_at, now()) FROM users
        WHERE tokens.id = $1 AND users.id = tokens.user_id AND users.lab_id = $2
        """, id, lab
      ).affected
      guard revoked == 1 else { throw StoreError.notFound("there is no token \(id) in this lab") }
      try session.noteEvent("token-revoked", lab: lab, message: "token \(id)")
    }
  }

  private static func check(name: String, of thing: String) throws {
    guard (1...120).contains(name.count), !name.unicodeScalars.contains(where: { $0.value < 32 }) else {
      throw StoreError.invalid(
        "a \(thing)'s name is one line of 1 to 120 characters, found '\(name.prefix(60))'")
    }
  }
}

/// The text a bearer shows: 256 random bits behind a prefix by which leaks can be found.
enum TokenSecret {
  static func fresh() -> String {
    var generator = SystemRandomNumberGenerator()
    var bytes: [UInt8] = []
    for _ in 0..<32 { bytes.append(UInt8.random(in: .min ... .max, using: &generator)) }
    return bytes.reduce(into: "ar1_") { text, byte in
      if byte < 16 { text += "0" }
      text += String(byte, radix: 16)
    }
  }

  static func hash(_ secret: String) -> [UInt8] { Array(SHA256.hash(data: Array(secret.utf8))) }
}

public import JobModel

/// Administration of labs, users and tokens, with an owner's or an administrator's token. Lists are gathered over
/// all their pages.
extension CoordinatorClient {
  public func labs() async throws -> [LabRecord] {
    try await pages { before in
      let page: LabList = try await get(Self.page("/v1/labs", before: before))
      return (page.labs, page.next)
    }
  }

  public func createLab(_ body: CreateLabRequest) async throws {
    try await post("/v1/labs", body, mayRepeat: true)
  }

  public func changeLab(_ id: LabID, _ body: ChangeLabRequest) async throws -> LabRecord {
    try await post("/v1/labs/\(id)", body, mayRepeat: true)
  }

  /// - Parameter lab: nil is the token's own.
  public func users(lab: String? = nil) async throws -> [UserRecord] {
    try await pages { before in
      let page: UserList = try await get(Self.page("/v1/users", before: before, ("lab", lab)))
      return (page.users, page.next)
    }
  }

  public func createUser(_ body: CreateUserRequest) async throws -> UserRecord {
    try await post("/v1/users", body, mayRepeat: false)
  }

  public func changeUser(_ id: UserID, _ body: ChangeUserRequest) async throws -> UserRecord {
    try await post("/v1/users/\(id)", body, mayRepeat: true)
  }

  /// - Parameter lab: nil is the token's own.
  public func tokens(lab: String? = nil) async throws -> [TokenRecord] {
    try await pages { before in
      let page: TokenList = try await get(Self.page("/v1/tokens", before: before, ("lab", lab)))
      return (page.tokens, page.next)
    }
  }

  public func createToken(_ body: CreateTokenRequest) async throws -> CreatedToken {
    try await post("/v1/tokens", body, mayRepeat: false)
  }

  public func rotateToken(_ id: TokenID, _ body: RotateTokenRequest) async throws -> CreatedToken {
    try await post("/v1/tokens/\(id)/rotate", body, mayRepeat: false)
  }

  public func revokeToken(_ id: TokenID, reason: String? = nil) async throws {
    try await delete(Self.query("/v1/tokens/\(id)", ("reason", reason)))
  }

  /// Everything until a page says that nothing follows.
  func pages<Element>(
    _ page: (Int64?) async throws -> (elements: [Element], next: Int64?)
  ) async throws -> [Element] {
    var all: [Element] = []
    var before: Int64?
    repeat {
      let (elements, next) = try await page(before)
      all += elements
      before = next
    } while before != nil
    return all
  }

  /// One page of a list that is gathered whole.
  static func page(_ path: String, before: Int64?, _ parameters: (String, String?)...) -> String {
    query(path, [("limit", "500"), ("before", before.map { "\($0)" })] + parameters)
  }

  static func query(_ path: String, _ parameters: (String, String?)...) -> String {
    query(path, parameters)
  }

  /// A path with those parameters that have a value, percent-encoded.
  static func query(_ path: String, _ parameters: [(String, String?)]) -> String {
    let pairs = parameters.compactMap { name, value in value.map { "\(name)=\(PercentEncoding.of($0))" } }
    return pairs.isEmpty ? path : "\(path)?\(pairs.joined(separator: "&"))"
  }
}

enum PercentEncoding {
  /// Everything but letters, digits and "-._~" as %XX.
  static func of(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      switch byte {
      case 48...57, 65...90, 97...122, 45, 46, 95, 126: result.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return result
  }
}

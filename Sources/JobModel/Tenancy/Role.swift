/// What a user is in a lab, and the most that a token of hers may do.
public enum Role: String, Codable, Sendable, Equatable, CaseIterable {
  /// Everything in every lab's administration, and all a member may in its own lab.
  case admin
  /// All a member may, and the administration of the own lab.
  case owner
  /// Submits and changes jobs of its lab.
  case member
  /// Reads the jobs of its lab.
  case viewer
  /// Claims and reports tasks of the pool; reads nothing a user reads.
  case worker

  /// What the role allows.
  public var scopes: Set<Scope> {
    switch self {
    case .admin: [.read, .submit, .manage, .administer, .metrics]
    case .owner: [.read, .submit, .manage]
    case .member: [.read, .submit]
    case .viewer: [.read]
    case .worker: [.work]
    }
  }

  /// Whether a bearer of `scopes` may hand out this role: a lab's owner hands out what concerns the lab alone, and
  /// workers serve every lab.
  public func mayBeGiven(by scopes: some Sequence<Scope>) -> Bool {
    if scopes.contains(.administer) { return true }
    return scopes.contains(.manage) && self != .admin && self != .worker
  }
}

/// Whom a token stands for, and what it allows now.
public struct Caller: Codable, Sendable, Equatable {
  public var lab: LabID
  public var labName: String
  public var user: UserID
  public var userName: String
  /// The token's role.
  public var role: Role
  public var token: TokenID
  /// What the token, its user's role and its own scopes allow together, in the order of `Scope.allCases`.
  public var scopes: [Scope]

  public init(
    lab: LabID, labName: String, user: UserID, userName: String, role: Role, token: TokenID,
    scopes: [Scope]
  ) {
    self.lab = lab
    self.labName = labName
    self.user = user
    self.userName = userName
    self.role = role
    self.token = token
    self.scopes = scopes
  }

  public func may(_ scope: Scope) -> Bool { scopes.contains(scope) }

  enum CodingKeys: String, CodingKey {
    case lab, user, role, token, scopes
    case labName = "lab_name"
    case userName = "user_name"
  }
}

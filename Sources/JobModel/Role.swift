/// What a token's bearer may do.
public enum Role: String, Codable, Sendable, Equatable, CaseIterable {
  /// Everything in every lab's administration, and all a member may in its own lab.
  case admin
  /// Submits and changes jobs of its lab.
  case member
  /// Reads the jobs of its lab.
  case viewer
  /// Claims and reports tasks of the pool; reads nothing a user reads.
  case worker

  public var maySubmit: Bool { self == .admin || self == .member }
  public var mayRead: Bool { self != .worker }
  public var mayWork: Bool { self == .worker }
  public var mayAdminister: Bool { self == .admin }
}

/// Whom a token stands for.
public struct Caller: Codable, Sendable, Equatable {
  public var lab: LabID
  public var labName: String
  public var user: UserID
  public var userName: String
  public var role: Role
  public var token: TokenID

  public init(
    lab: LabID, labName: String, user: UserID, userName: String, role: Role, token: TokenID
  ) {
    self.lab = lab
    self.labName = labName
    self.user = user
    self.userName = userName
    self.role = role
    self.token = token
  }

  enum CodingKeys: String, CodingKey {
    case lab, user, role, token
    case labName = "lab_name"
    case userName = "user_name"
  }
}

/// What went wrong between this process and the database.
public struct PostgresError: Error, Sendable, CustomStringConvertible {
  public enum Code: Sendable, Equatable {
    /// No connection, or it broke. What was being done may or may not have happened; later calls reconnect.
    case unavailable
    /// The server refused a statement, with the five characters of its SQLSTATE.
    case server(sqlState: String)
    /// A value of the answer is not what the caller said it is.
    case decoding
    /// The caller broke a rule of this module.
    case misuse
  }

  public let code: Code
  public let message: String
  /// The constraint, or unique index, that stopped the statement.
  public let constraint: String?
  /// The server's first sentence, without the rows and statements that `message` shows to whoever runs the program.
  public let sentence: String?

  public init(_ code: Code, _ message: String, constraint: String? = nil, sentence: String? = nil) {
    self.code = code
    self.message = message
    self.constraint = constraint
    self.sentence = sentence
  }

  public var isUnavailable: Bool { code == .unavailable }

  /// The statement ran into its time limit.
  public var isTimeout: Bool { code == .server(sqlState: "57014") }

  /// A lock did not come free within its time limit.
  public var isLockTimeout: Bool { code == .server(sqlState: "55P03") }

  /// A value is none that its column takes: out of range (class 22), against a constraint (23), too long for an index (54).
  public var refusesValue: Bool {
    guard case .server(let state) = code else { return false }
    return ["22", "23", "54"].contains(state.prefix(2))
  }

  /// A unique constraint stopped the statement.
  public var isUniqueViolation: Bool { code == .server(sqlState: "23505") }

  /// The transaction lost against another one and may be run again.
  public var isTransient: Bool {
    code == .server(sqlState: "40001") || code == .server(sqlState: "40P01")
  }

  /// What the statement answers with has changed its type since it was prepared: it has to be prepared anew.
  var isOfOldPlan: Bool { code == .server(sqlState: "0A000") }

  public var description: String {
    switch code {
    case .unavailable: "the database is not available: \(message)"
    case .server(let sqlState): "the database refused a statement (\(sqlState)): \(message)"
    case .decoding: "the database's answer was not understood: \(message)"
    case .misuse: message
    }
  }
}

/// Where a database is: a libpq connection string (`host=… dbname=…`) or a `postgres://` address.
public struct PostgresAddress: Sendable, Equatable {
  public let connectionString: String

  public init(_ connectionString: String) { self.connectionString = connectionString }

  /// A database behind a local socket.
  public init(socketFolder: String, port: Int, database: String, user: String) {
    connectionString =
      "host=\(Self.quoted(socketFolder)) port=\(port) dbname=\(Self.quoted(database)) user=\(Self.quoted(user))"
  }

  private static func quoted(_ value: String) -> String {
    var text = "'"
    for character in value {
      if character == "'" || character == "\\" { text.append("\\") }
      text.append(character)
    }
    return text + "'"
  }
}

/// Limits that every connection sets, so that a lost client or a runaway statement cannot pin the database.
public struct SessionSettings: Sendable, Equatable {
  /// Seconds.
  public var connectTimeout: Int
  /// 0 is no limit.
  public var statementTimeout: Double
  public var idleInTransactionTimeout: Double
  /// Shown in pg_stat_activity.
  public var applicationName: String
  /// Further settings by name, for example `synchronous_commit`.
  public var others: [String: String]

  /// Each statement is planned once, for whatever its parameters will be, and by index: a plan that was made when a
  /// table was small would else scan it when it has grown, until the table is analysed.
  public static let steadyPlans = [
    "plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "jit": "off",
  ]

  public init(
    connectTimeout: Int = 5, statementTimeout: Double = 20, idleInTransactionTimeout: Double = 10,
    applicationName: String = "ar1", others: [String: String] = Self.steadyPlans
  ) {
    self.connectTimeout = connectTimeout
    self.statementTimeout = statementTimeout
    self.idleInTransactionTimeout = idleInTransactionTimeout
    self.applicationName = applicationName
    self.others = others
  }
}

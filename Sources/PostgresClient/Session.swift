import CPostgres

/// One libpq connection while its thread works with it. It cannot leave that thread: it is not `Sendable` and is
/// only ever lent to closures.
public final class Session {
  let connection: OpaquePointer
  let address: PostgresAddress
  let settings: SessionSettings
  /// Another connection (`openSecond`).
  var second: Session?
  /// The server had none to give.
  var lacksSecond = false
  /// Statements prepared on this connection, by where the literal of their text lies: that costs less than hashing it.
  private var prepared: [UnsafePointer<UInt8>: String] = [:]
  private(set) var inTransaction = false
  /// BEGIN has not been sent: it goes with the transaction's first statement.
  var owesBegin = false
  /// The open transaction's statements take as long as they need.
  private(set) var hasNoTimeLimit = false
  /// Why the connection was given up, where the server was silent for too long.
  var silence: String?

  /// How a server that has vanished is noticed: where nothing is heard for about 25 s, or what was sent is not
  /// acknowledged for 30 s, the connection is broken. Over a local socket they mean nothing.
  private static let watchOverServer = [
    ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
    ("tcp_user_timeout", "30000"),
  ]

  /// Connects and applies the settings; blocks.
  init(address: PostgresAddress, settings: SessionSettings) throws(PostgresError) {
    // The last word counts: the address may say otherwise of what stands before it.
    let words =
      Self.watchOverServer + [
        ("dbname", address.connectionString), ("connect_timeout", String(settings.connectTimeout)),
        ("application_name", settings.applicationName), ("client_encoding", "UTF8"),
      ]
    let (names, values) = (words.map(\.0), words.map(\.1))
    let opened = withCStrings(names) { names in
      withCStrings(values) { values in PQconnectdbParams(names, values, 1) }
    }
    guard let opened else { throw PostgresError(.unavailable, "no memory for a connection") }
    guard PQstatus(opened) == CONNECTION_OK else {
      let message = Self.trimmed(PQerrorMessage(opened))
      PQfinish(opened)
      throw PostgresError(.unavailable, message)
    }
    connection = opened
    self.address = address
    self.settings = settings
    PQsetNoticeProcessor(connection, { _, _ in }, nil)
    var limits = settings.others
    limits["statement_timeout"] = String(Int(settings.statementTimeout * 1000))
    limits["idle_in_transaction_session_timeout"] = String(Int(settings.idleInTransactionTimeout * 1000))
    for (name, value) in limits {
      try execute("SELECT set_config($1, $2, false)", name, value)
    }
  }

  deinit { PQfinish(connection) }

  /// Whether the connection was still there at the last look; looks without waiting.
  var isAlive: Bool {
    PQconsumeInput(connection) == 1 && PQstatus(connection) == CONNECTION_OK
  }

  /// Of the connection; -1 where it is broken.
  package var socket: Int32 { PQsocket(connection) }

  /// The next notification that has arrived, with its channel and payload.
  func nextNotification() -> (channel: String, payload: String)? {
    guard let notification = PQnotifies(connection) else { return nil }
    defer { PQfreemem(notification) }
    return (
      String(cString: notification.pointee.relname), String(cString: notification.pointee.extra)
    )
  }

  /// Runs one statement; its text is a literal, values go as parameters. The plan is kept for the next time.
  @discardableResult
  public func execute(
    _ sql: StaticString, _ parameters: any PostgresEncodable...
  ) throws(PostgresError) -> Rows {
    try execute(Statement(sql, parameters))
  }

  /// The name of the statement on this connection, where it is prepared when first used.
  func prepare(_ sql: StaticString) throws(PostgresError) -> String {
    precondition(sql.hasPointerRepresentation, "a statement is longer than a character")
    if let known = prepared[sql.utf8Start] { return known }
    let name = "s\(prepared.count)"
    let isSent = PQsendPrepare(connection, name, sql.description, 0, nil)
    PQclear(try check(isSent == 1 ? lastResult() : nil, sql))
    prepared[sql.utf8Start] = name
    return name
  }

  /// Runs a text of one or more statements without parameters: migrations, and commands that take none, such
  /// as CREATE DATABASE. Never give it text that came from outside.
  public func executeScript(_ sql: String) throws(PostgresError) {
    if owesBegin {
      try command("BEGIN")
      owesBegin = false
    }
    try run(sql)
    // A script may change what prepared statements refer to.
    if !prepared.isEmpty {
      prepared = [:]
      try run("DEALLOCATE ALL")
    }
  }

  /// A name written so that SQL reads it as an identifier whatever is in it.
  public static func quotedIdentifier(_ name: String) -> String {
    "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }

  /// Runs `body` between BEGIN and COMMIT, of which the first is sent along with its first statement. The closure is
  /// synchronous, so nothing else can happen on this connection meanwhile; if it throws, nothing of it remains.
  public func transaction<R>(_ body: (Session) throws -> R) throws -> R {
    try transaction(body) { $0 }
  }

  /// - Parameter finish: makes something of what `body` returned while the server commits. What it throws undoes nothing.
  public func transaction<R, S>(
    _ body: (Session) throws -> R, whileCommitting finish: (R) throws -> S
  ) throws -> S {
    guard !inTransaction else { throw PostgresError(.misuse, "a transaction is open on this connection") }
    (inTransaction, owesBegin) = (true, true)
    defer { hasNoTimeLimit = false }
    let result = Result { try body(self) }
    let isBegun = !owesBegin
    (inTransaction, owesBegin) = (false, false)
    switch result {
    case .success(let value):
      guard isBegun else { return try finish(value) }
      let sent = try sendTogether([Self.commit])
      let finished = Result { try finish(value) }
      _ = try receive(sent).get()
      return try finished.get()
    case .failure(let error):
      if isBegun { try? command("ROLLBACK") }
      throw error
    }
  }

  private static let commit = Statement("COMMIT")

  private func command(_ text: StaticString) throws(PostgresError) { try run(text.description) }

  private func run(_ text: String) throws(PostgresError) {
    let isSent = PQsendQuery(connection, text)
    PQclear(try check(isSent == 1 ? lastResult() : nil) { text })
  }

  /// Lets the statements of the open transaction take as long as they need.
  func liftTimeLimit() throws(PostgresError) {
    try execute("SELECT set_config('statement_timeout', '0', true)")
    hasNoTimeLimit = true
  }

  func check(_ result: OpaquePointer?, _ sql: StaticString) throws(PostgresError) -> OpaquePointer {
    try check(result) { sql.description }
  }

  /// - Parameter sql: gives the statement's text, for an error.
  private func check(_ result: OpaquePointer?, _ sql: () -> String) throws(PostgresError) -> OpaquePointer {
    guard let result else { throw unavailable }
    switch PQresultStatus(result) {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
      return result
    default:
      defer { PQclear(result) }
      let message = Self.trimmed(PQresultErrorMessage(result))
      func field(_ code: Unicode.Scalar) -> String? {
        PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) }
      }
      let state = field("C")
      guard let state, PQstatus(connection) == CONNECTION_OK, !Self.meansUnavailable(state) else {
        throw PostgresError(.unavailable, silence ?? message)
      }
      let start = sql().split(whereSeparator: \.isWhitespace).prefix(12).joined(separator: " ")
      throw PostgresError(
        .server(sqlState: state), "\(message) (in: \(start) …)", constraint: field("n"), sentence: field("M"))
    }
  }

  /// The connection is of no use any more.
  var unavailable: PostgresError {
    PostgresError(.unavailable, silence ?? Self.trimmed(PQerrorMessage(connection)))
  }

  /// Shutdown, crash, starting up, or a broken connection.
  private static func meansUnavailable(_ state: String) -> Bool {
    state.hasPrefix("08") || ["57P01", "57P02", "57P03", "57P05", "25P03", "53300"].contains(state)
  }

  static func trimmed(_ message: UnsafePointer<CChar>?) -> String {
    guard let message else { return "no reason given" }
    var text = Substring(String(cString: message))
    while text.last?.isWhitespace == true { text.removeLast() }
    return text.split(whereSeparator: \.isNewline).joined(separator: "; ")
  }
}

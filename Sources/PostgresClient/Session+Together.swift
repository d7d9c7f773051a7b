import CPostgres

/// A statement with its values, to be sent together with others.
public struct Statement: Sendable {
  let sql: StaticString
  let parameters: Parameters

  /// - Parameter sql: a literal; values go as parameters.
  public init(_ sql: StaticString, _ parameters: any PostgresEncodable...) {
    self.init(sql, parameters)
  }

  init(_ sql: StaticString, _ parameters: [any PostgresEncodable]) {
    self.sql = sql
    self.parameters = Parameters(parameters)
  }
}

extension Session {
  /// Runs one statement.
  @discardableResult
  public func execute(_ statement: Statement) throws(PostgresError) -> Rows {
    if owesBegin { return try executeTogether([statement])[0] }
    let name = try prepare(statement.sql)
    try statement.parameters.check()
    let isSent = statement.parameters.withPointers { count, values, lengths, formats in
      PQsendQueryPrepared(connection, name, count, values, lengths, formats, 0)
    }
    return Rows(try check(isSent == 1 ? lastResult() : nil, statement.sql))
  }

  /// Runs statements one after the other in one transaction, and waits for their answers once instead of each time. Each
  /// sees what those before it have written. Where a transaction is open already they are a part of it.
  /// - Throws: the first failure; nothing of any of them remains then.
  public func executeTogether(_ statements: [Statement]) throws(PostgresError) -> [Rows] {
    guard statements.count > 1 || (owesBegin && !statements.isEmpty) else {
      var rows: [Rows] = []
      for statement in statements { rows.append(try execute(statement)) }
      return rows
    }
    return try receive(try sendTogether(statements)).get()
  }

  /// Statements that were sent, and whose answers have not been received.
  struct Sent {
    fileprivate let statements: [Statement]
    /// BEGIN goes before them.
    fileprivate let begins: Bool
  }

  /// Sends statements, and what ends their transaction where none is open. Nothing else is to be done with the connection
  /// before their answers are received.
  func sendTogether(_ statements: [Statement]) throws(PostgresError) -> Sent {
    let begins = owesBegin
    if begins { _ = try prepare(Self.begin.sql) }
    for statement in statements {
      _ = try prepare(statement.sql)
      try statement.parameters.check()
    }
    guard PQenterPipelineMode(connection) == 1 else { throw unavailable }
    if begins { try send(Self.begin) }
    for statement in statements { try send(statement) }
    // Ends the transaction and sends all of it.
    guard PQpipelineSync(connection) == 1 else { throw unavailable }
    owesBegin = false
    return Sent(statements: statements, begins: begins)
  }

  private func send(_ statement: Statement) throws(PostgresError) {
    let name = try prepare(statement.sql)
    let isSent = statement.parameters.withPointers { count, values, lengths, formats in
      PQsendQueryPrepared(connection, name, count, values, lengths, formats, 0)
    }
    guard isSent == 1 else { throw unavailable }
  }

  /// The answers to statements that were sent, or the first failure.
  func receive(_ sent: Sent) throws(PostgresError) -> Result<[Rows], PostgresError> {
    var rows: [Rows] = []
    rows.reserveCapacity(sent.statements.count)
    var failure: PostgresError?
    func next(_ statement: Statement, _ take: (OpaquePointer) -> Void) {
      // The server may keep the first answer back until it has all of them.
      let result = nextResult(of: sent.statements.count)
      if failure == nil {
        do { take(try check(result, statement.sql)) } catch { failure = error }
      } else {
        // The server has passed over those behind the one that failed.
        PQclear(result)
      }
      while let rest = nextResult() { PQclear(rest) }
    }
    if sent.begins { next(Self.begin) { PQclear($0) } }
    for statement in sent.statements { next(statement) { rows.append(Rows($0)) } }
    // Then the end of the transaction; before it, a commit that failed.
    while true {
      guard let end = nextResult() ?? nextResult() else { throw unavailable }
      if PQresultStatus(end) == PGRES_PIPELINE_SYNC {
        PQclear(end)
        break
      }
      do { PQclear(try check(end, "COMMIT")) } catch { failure = failure ?? error }
    }
    guard PQexitPipelineMode(connection) == 1 else { throw unavailable }
    if let failure { return .failure(failure) }
    return .success(rows)
  }

  private static let begin = Statement("BEGIN")
}

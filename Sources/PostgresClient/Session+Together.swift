import CPostgres

/// A statement with its values, to be sent together with others.
public struct Statement: Sendable {
  let sql: StaticString
  let parameters: [Parameter]

  /// - Parameter sql: a literal; values go as parameters.
  public init(_ sql: StaticString, _ parameters: any PostgresEncodable...) {
    self.init(sql, parameters.map(\.postgresParameter))
  }

  init(_ sql: StaticString, _ parameters: [Parameter]) {
    self.sql = sql
    self.parameters = parameters
  }
}

extension Session {
  /// Runs one statement.
  @discardableResult
  public func execute(_ statement: Statement) throws(PostgresError) -> Rows {
    try execute(statement.sql, statement.parameters)
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
    let statements = begins ? [Self.begin] + statements : statements
    var ready: [(name: String, parameters: ParameterBuffer)] = []
    for statement in statements {
      ready.append((try prepare(statement.sql), try ParameterBuffer(statement.parameters)))
    }
    guard PQenterPipelineMode(connection) == 1 else { throw unavailable }
    for (name, parameters) in ready {
      let isSent = parameters.withPointers { count, values, lengths, formats in
        PQsendQueryPrepared(connection, name, count, values, lengths, formats, 0)
      }
      guard isSent == 1 else { throw unavailable }
    }
    // Ends the transaction and sends all of it.
    guard PQpipelineSync(connection) == 1 else { throw unavailable }
    owesBegin = false
    return Sent(statements: statements, begins: begins)
  }

  /// The answers to statements that were sent, or the first failure.
  func receive(_ sent: Sent) throws(PostgresError) -> Result<[Rows], PostgresError> {
    var rows: [Rows] = []
    var failure: PostgresError?
    for statement in sent.statements {
      let result = PQgetResult(connection)
      if failure == nil {
        do { rows.append(Rows(try check(result, statement.sql))) } catch { failure = error }
      } else {
        // The server has passed over those behind the one that failed.
        PQclear(result)
      }
      while let rest = PQgetResult(connection) { PQclear(rest) }
    }
    // Then the end of the transaction; before it, a commit that failed.
    while true {
      guard let end = PQgetResult(connection) ?? PQgetResult(connection) else { throw unavailable }
      if PQresultStatus(end) == PGRES_PIPELINE_SYNC {
        PQclear(end)
        break
      }
      do { PQclear(try check(end, "COMMIT")) } catch { failure = failure ?? error }
    }
    guard PQexitPipelineMode(connection) == 1 else { throw unavailable }
    if let failure { return .failure(failure) }
    return .success(sent.begins ? Array(rows.dropFirst()) : rows)
  }

  private static let begin = Statement("BEGIN")

  /// The connection is of no use any more.
  private var unavailable: PostgresError {
    PostgresError(.unavailable, Self.trimmed(PQerrorMessage(connection)))
  }
}

import CPostgres

/// A statement with its values, to be sent together with others.
public struct Statement: Sendable {
  let sql: StaticString
  let parameters: [Parameter]

  /// - Parameter sql: a literal; values go as parameters.
  public init(_ sql: StaticString, _ parameters: any PostgresEncodable...) {
    self.sql = sql
    self.parameters = parameters.map(\.postgresParameter)
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
    guard statements.count > 1 else {
      var rows: [Rows] = []
      for statement in statements { rows.append(try execute(statement)) }
      return rows
    }
    var ready: [(name: String, parameters: ParameterBuffer)] = []
    for statement in statements {
      ready.append((try prepare(statement.sql), try ParameterBuffer(statement.parameters)))
    }
    guard PQenterPipelineMode(connection) == 1 else { throw unavailable }
    for (statement, (name, parameters)) in zip(statements, ready) {
      let isSent = parameters.withPointers { values, lengths, formats in
        PQsendQueryPrepared(
          connection, name, Int32(statement.parameters.count), values, lengths, formats, 0)
      }
      guard isSent == 1 else { throw unavailable }
    }
    // Ends the transaction and sends all of it.
    guard PQpipelineSync(connection) == 1 else { throw unavailable }
    var rows: [Rows] = []
    var failure: PostgresError?
    for statement in statements {
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
    if let failure { throw failure }
    return rows
  }

  /// The connection is of no use any more.
  private var unavailable: PostgresError {
    PostgresError(.unavailable, Self.trimmed(PQerrorMessage(connection)))
  }
}

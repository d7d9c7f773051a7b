import CPostgres

/// A statement with its values, to be sent together with others.
public struct Statement: Sendable {
  let sql: String
  let parameters: [Parameter]

  /// - Parameter sql: a literal; values go as parameters.
  public init(_ sql: StaticString, _ parameters: any PostgresEncodable...) {
    self.sql = sql.description
    self.parameters = parameters.map(\.postgresParameter)
  }
}

extension Session {
  /// Runs statements one after the other, each a transaction of its own that sees what those before it have committed,
  /// and waits for their answers once instead of each time.
  /// - Throws: the first failure, after all have run: a statement does not depend on those before it.
  public func executeInTurn(_ statements: [Statement]) throws(PostgresError) -> [Rows] {
    guard !inTransaction else { throw PostgresError(.misuse, "a transaction is open on this connection") }
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
      // The end of a transaction, and a flush.
      guard isSent == 1, PQpipelineSync(connection) == 1 else { throw unavailable }
    }
    var results: [Result<Rows, PostgresError>] = []
    for statement in statements {
      results.append(result(of: statement.sql))
      // The end of the statement's results, then that of its transaction.
      while let rest = PQgetResult(connection) { PQclear(rest) }
      guard let end = PQgetResult(connection) else { throw unavailable }
      defer { PQclear(end) }
      guard PQresultStatus(end) == PGRES_PIPELINE_SYNC else { throw unavailable }
    }
    guard PQexitPipelineMode(connection) == 1 else { throw unavailable }
    var rows: [Rows] = []
    for result in results { rows.append(try result.get()) }
    return rows
  }

  private func result(of sql: String) -> Result<Rows, PostgresError> {
    do { return .success(Rows(try check(PQgetResult(connection), sql))) } catch { return .failure(error) }
  }

  /// The connection is of no use any more.
  private var unavailable: PostgresError {
    PostgresError(.unavailable, Self.trimmed(PQerrorMessage(connection)))
  }
}

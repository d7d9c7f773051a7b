import CPostgres

/// The answer to a statement. It lives on its connection's thread, inside the closure that asked.
public final class Rows {
  private let result: OpaquePointer
  private let columns: [String: Int32]
  public let count: Int
  /// How many rows an INSERT, UPDATE or DELETE touched.
  public let affected: Int

  /// Takes over the result.
  init(_ result: OpaquePointer) {
    self.result = result
    count = Int(PQntuples(result))
    affected = Int(String(cString: PQcmdTuples(result))) ?? 0
    var columns: [String: Int32] = [:]
    for column in 0..<PQnfields(result) {
      if let name = PQfname(result, column) { columns[String(cString: name)] = column }
    }
    self.columns = columns
  }

  deinit { PQclear(result) }

  public var isEmpty: Bool { count == 0 }

  public subscript(index: Int) -> Row {
    precondition(index >= 0 && index < count, "row \(index) of \(count)")
    return Row(rows: self, index: index)
  }

  public var first: Row? { count > 0 ? self[0] : nil }

  public func map<T, E: Error>(_ body: (Row) throws(E) -> T) throws(E) -> [T] {
    var values: [T] = []
    values.reserveCapacity(count)
    for index in 0..<count { values.append(try body(self[index])) }
    return values
  }

  /// The only row.
  public func only() throws(PostgresError) -> Row {
    guard count == 1 else { throw PostgresError(.decoding, "expected one row, got \(count)") }
    return self[0]
  }

  /// The text of a value, nil for NULL.
  fileprivate func text(row: Int, column name: String) throws(PostgresError) -> String? {
    guard let column = columns[name] else {
      throw PostgresError(
        .decoding, "no column '\(name)'; there are \(columns.keys.sorted().joined(separator: ", "))")
    }
    guard PQgetisnull(result, Int32(row), column) == 0 else { return nil }
    guard let value = PQgetvalue(result, Int32(row), column) else { return nil }
    let length = Int(PQgetlength(result, Int32(row), column))
    return String(
      decoding: UnsafeRawBufferPointer(start: value, count: length), as: UTF8.self)
  }

  /// One row; columns are read by name and type.
  public struct Row {
    fileprivate let rows: Rows
    fileprivate let index: Int

    /// - Throws: when there is no such column, it is NULL, or its text is not a `Value`.
    public func get<Value: PostgresDecodable>(
      _ column: String, as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value {
      guard let value: Value = try getIfPresent(column) else {
        throw PostgresError(.decoding, "column '\(column)' is NULL, expected \(Value.self)")
      }
      return value
    }

    /// nil for NULL.
    public func getIfPresent<Value: PostgresDecodable>(
      _ column: String, as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value? {
      guard let text = try rows.text(row: index, column: column) else { return nil }
      guard let value = Value(postgresText: text) else {
        throw PostgresError(
          .decoding, "column '\(column)' holds '\(text.prefix(80))', expected \(Value.self)")
      }
      return value
    }
  }
}

import CPostgres

/// The answer to a statement. It lives on its connection's thread, inside the closure that asked.
public final class Rows {
  private let result: OpaquePointer
  /// In their order: a result has few, and comparing short names costs less than hashing one.
  private let columns: [String]
  /// The one behind that which was read last: columns are mostly read in their order.
  private var next = 0
  public let count: Int
  /// How many rows an INSERT, UPDATE or DELETE touched.
  public let affected: Int

  /// Takes over the result.
  init(_ result: OpaquePointer) {
    self.result = result
    count = Int(PQntuples(result))
    affected = Int(String(cString: PQcmdTuples(result))) ?? 0
    columns = (0..<PQnfields(result)).map { column in
      PQfname(result, column).map { String(cString: $0) } ?? ""
    }
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

  /// The text of a value, nil for NULL; valid as long as the rows are.
  fileprivate func text(row: Int, column name: String) throws(PostgresError) -> UnsafeRawBufferPointer? {
    if next >= columns.count { next = 0 }
    guard next < columns.count, let place = columns[next] == name ? next : columns.firstIndex(of: name) else {
      throw PostgresError(.decoding, "no column '\(name)'; there are \(columns.joined(separator: ", "))")
    }
    next = place + 1
    let column = Int32(place)
    guard PQgetisnull(result, Int32(row), column) == 0 else { return nil }
    guard let value = PQgetvalue(result, Int32(row), column) else { return nil }
    return UnsafeRawBufferPointer(start: value, count: Int(PQgetlength(result, Int32(row), column)))
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
        let start = String(decoding: text, as: UTF8.self).prefix(80)
        throw PostgresError(.decoding, "column '\(column)' holds '\(start)', expected \(Value.self)")
      }
      return value
    }
  }
}

import CPostgres
import Glibc

/// The answer to a statement. It lives on its connection's thread, inside the closure that asked.
public final class Rows {
  private let result: OpaquePointer
  /// The column behind the one that was read last: columns are mostly read in their order.
  private var next: Int32 = 0
  public let count: Int

  /// Takes over the result.
  init(_ result: OpaquePointer) {
    self.result = result
    count = Int(PQntuples(result))
  }

  /// How many rows an INSERT, UPDATE or DELETE touched.
  public var affected: Int { Int(String(cString: PQcmdTuples(result))) ?? 0 }

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
    guard let column = place(of: name) else {
      let names = (0..<PQnfields(result)).map { String(cString: PQfname(result, $0)) }
      throw PostgresError(.decoding, "no column '\(name)'; there are \(names.joined(separator: ", "))")
    }
    guard PQgetisnull(result, Int32(row), column) == 0 else { return nil }
    guard let value = PQgetvalue(result, Int32(row), column) else { return nil }
    return UnsafeRawBufferPointer(start: value, count: Int(PQgetlength(result, Int32(row), column)))
  }

  /// A result has few columns: comparing short names costs less than hashing one.
  private func place(of name: String) -> Int32? {
    let count = PQnfields(result)
    return name.withCString { name in
      for step in 0..<count {
        let column = (next + step) % count
        if strcmp(PQfname(result, column), name) == 0 {
          next = column + 1
          return column
        }
      }
      return nil
    }
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

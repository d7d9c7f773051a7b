import JobModel
public import OrderedJSON
public import PostgresClient

/// JSON columns are of type `json`, so that what was stored comes back as it was written.
enum StoredJSON {
  static func text(_ value: some Encodable) throws -> String {
    let tree: JSON
    do {
      tree = try JSON(encoding: value)
    } catch let EncodingError.invalidValue(_, context) {
      throw StoreError.invalid(context.debugDescription)
    }
    guard tree.isSerializable else {
      throw StoreError.invalid("a number is not finite, which JSON cannot hold")
    }
    return tree.serialized()
  }

  static func value<T: Decodable>(_ text: String, as type: T.Type = T.self) throws -> T {
    do {
      return try JSON(parsing: text).decode(type)
    } catch {
      throw PostgresError(.decoding, "stored JSON is not a \(type): \(error)")
    }
  }

  /// Text that a column can hold: PostgreSQL's text knows no NUL character.
  static func clean(_ text: String) -> String {
    guard text.utf8.contains(0) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value == 0 ? "\u{FFFD}" : $0 }))
  }
}

/// A JSON column as it is.
extension JSON: PostgresDecodable {
  public init?(postgresText text: UnsafeRawBufferPointer) {
    guard let tree = try? JSON(parsing: text) else { return nil }
    self = tree
  }
}

extension Rows.Row {
  /// A column whose text is one of an enumeration's raw values.
  func name<T: RawRepresentable>(_ column: String, as type: T.Type = T.self) throws -> T
  where T.RawValue == String {
    let text: String = try get(column)
    guard let value = T(rawValue: text) else {
      throw PostgresError(.decoding, "column '\(column)' holds '\(text)', expected a \(T.self)")
    }
    return value
  }

  func json<T: Decodable>(_ column: String, as type: T.Type = T.self) throws -> T {
    try StoredJSON.value(try get(column))
  }

  func jsonIfPresent<T: Decodable>(_ column: String, as type: T.Type = T.self) throws -> T? {
    try getIfPresent(column, as: String.self).map { try StoredJSON.value($0) }
  }

  /// The failure in columns failure_class, failure_message, failure_detail.
  func failure() throws -> TaskFailure? {
    guard let text = try getIfPresent("failure_class", as: String.self) else { return nil }
    guard let failureClass = FailureClass(rawValue: text) else {
      throw PostgresError(.decoding, "'\(text)' is no failure class")
    }
    return TaskFailure(
      failureClass, try get("failure_message"), detail: try getIfPresent("failure_detail"))
  }

  /// The progress in columns progress_unit, progress_done, progress_total, progress_message, progress_metrics.
  func progress() throws -> TaskProgress? {
    guard let unit: String = try getIfPresent("progress_unit") else { return nil }
    return TaskProgress(
      done: try getIfPresent("progress_done") ?? 0, total: try getIfPresent("progress_total"), unit: unit,
      metrics: try jsonIfPresent("progress_metrics") ?? [:],
      message: try getIfPresent("progress_message") ?? "")
  }
}

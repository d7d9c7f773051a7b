/// A data set's folder or file that cannot be used: what, where, and what to do.
public struct DatasetError: Error, CustomStringConvertible, Equatable {
  public let message: String
  public var description: String { message }

  public init(message: String) { self.message = message }

  /// The rows of a table of `path`.
  static func rows(_ text: String, of path: String) throws(DatasetError) -> [[String]] {
    do {
      return try CommaSeparated.rows(text)
    } catch {
      throw DatasetError(message: "\(path), \(error)")
    }
  }
}

/// Why bytes are not JSON: where, what was expected and what is there instead.
public struct JSONError: Error, Equatable, CustomStringConvertible {
  /// The byte at which reading stopped, from 0.
  public let offset: Int
  /// The line of that byte, from 1.
  public let line: Int
  /// Its place in the line, from 1, counted in bytes.
  public let column: Int
  /// For example `expected ',' or ']' in an array, found 'x'`.
  public let reason: String

  public var description: String { "line \(line), column \(column) (byte \(offset)): \(reason)" }

  /// Finds line and column of `offset` in the text that was read.
  init(_ reason: String, at offset: Int, in bytes: UnsafeRawBufferPointer) {
    var line = 1
    var start = 0
    for index in 0..<min(offset, bytes.count) where bytes[index] == UInt8(ascii: "\n") {
      line += 1
      start = index + 1
    }
    self.offset = offset
    self.line = line
    self.column = offset - start + 1
    self.reason = reason
  }
}

import Glibc

/// The values of a statement's parameters, laid out as libpq wants them.
public struct Parameters: Sendable {
  private struct Value {
    /// Where it begins; nil for NULL.
    let start: Int?
    let length: Int32
    let isBinary: Bool
  }

  /// Of all values, each followed by a NUL.
  private var bytes: [UInt8] = []
  private var values: [Value] = []
  /// Numbers, from 1, of those that hold a NUL character, which no text can.
  private var withNUL: [Int] = []

  init(_ parameters: [any PostgresEncodable]) {
    guard !parameters.isEmpty else { return }
    bytes.reserveCapacity(32 * parameters.count)
    values.reserveCapacity(parameters.count)
    for parameter in parameters { parameter.append(to: &self) }
  }

  mutating func appendNull() { values.append(Value(start: nil, length: 0, isBinary: false)) }

  /// - Parameter write: appends the text.
  mutating func appendText(_ write: (inout [UInt8]) -> Void) {
    let start = bytes.count
    write(&bytes)
    end(from: start, isBinary: false)
    if bytes.withUnsafeBytes({ strlen($0.baseAddress! + start) }) < bytes.count - 1 - start {
      withNUL.append(values.count)
    }
  }

  mutating func appendBinary(_ value: [UInt8]) {
    let start = bytes.count
    bytes.append(contentsOf: value)
    end(from: start, isBinary: true)
  }

  private mutating func end(from start: Int, isBinary: Bool) {
    values.append(Value(start: start, length: Int32(bytes.count - start), isBinary: isBinary))
    bytes.append(0)
  }

  func check() throws(PostgresError) {
    if let number = withNUL.first {
      throw PostgresError(.misuse, "parameter $\(number) holds a NUL character, which no text can")
    }
  }

  /// Calls `body` with their count, values, lengths and formats, valid during the call.
  func withPointers<R>(
    _ body: (Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> R
  ) -> R {
    bytes.withUnsafeBytes { bytes in
      let first = bytes.assumingMemoryBound(to: CChar.self).baseAddress
      let count = values.count
      return withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { pointers in
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: 2 * count) { lengthsAndFormats in
          for (index, value) in values.enumerated() {
            pointers.initializeElement(at: index, to: value.start.flatMap { first?.advanced(by: $0) })
            lengthsAndFormats.initializeElement(at: index, to: value.length)
            lengthsAndFormats.initializeElement(at: count + index, to: value.isBinary ? 1 : 0)
          }
          let lengths = UnsafePointer(lengthsAndFormats.baseAddress)
          return body(
            Int32(count), UnsafePointer(pointers.baseAddress), lengths, lengths?.advanced(by: count))
        }
      }
    }
  }
}

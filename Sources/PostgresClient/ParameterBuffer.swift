import Glibc

/// Parameters laid out as libpq wants them.
struct ParameterBuffer {
  private var bytes: [UInt8] = []
  private var offsets: [Int?] = []
  private var lengths: [Int32] = []
  private var formats: [Int32] = []

  init(_ parameters: [Parameter]) throws(PostgresError) {
    for (index, parameter) in parameters.enumerated() {
      switch parameter {
      case .null: add(nil, length: 0, format: 0)
      case .text(let text):
        let start = bytes.count
        bytes.append(contentsOf: text.utf8)
        guard !bytes[start...].contains(0) else {
          throw PostgresError(.misuse, "parameter $\(index + 1) holds a NUL character, which no text can")
        }
        add(start, length: bytes.count - start, format: 0)
      case .bytes(let value):
        let start = bytes.count
        bytes.append(contentsOf: value)
        add(start, length: value.count, format: 1)
      }
    }
  }

  /// Ends the value whose bytes were added last.
  private mutating func add(_ offset: Int?, length: Int, format: Int32) {
    offsets.append(offset)
    lengths.append(Int32(length))
    formats.append(format)
    bytes.append(0)
  }

  /// Calls `body` with their count, values, lengths and formats, valid during the call.
  func withPointers<R>(
    _ body: (Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> R
  ) -> R {
    bytes.withUnsafeBytes { bytes in
      let start = bytes.assumingMemoryBound(to: CChar.self).baseAddress
      let values = offsets.map { offset in offset.flatMap { start?.advanced(by: $0) } }
      return values.withUnsafeBufferPointer { values in
        lengths.withUnsafeBufferPointer { lengths in
          formats.withUnsafeBufferPointer { formats in
            body(Int32(offsets.count), values.baseAddress, lengths.baseAddress, formats.baseAddress)
          }
        }
      }
    }
  }
}

/// Calls `body` with a NULL-terminated array of C strings, valid during the call.
func withCStrings<R>(
  _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> R
) -> R {
  let owned = strings.map { strdup($0) }
  defer { for string in owned { free(string) } }
  let pointers: [UnsafePointer<CChar>?] = owned.map { $0.map { UnsafePointer($0) } } + [nil]
  return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
}

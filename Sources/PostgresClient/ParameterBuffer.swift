import Glibc

/// Parameters laid out as libpq wants them.
struct ParameterBuffer {
  private var bytes: [CChar] = []
  private var offsets: [Int?] = []
  private var lengths: [Int32] = []
  private var formats: [Int32] = []

  init(_ parameters: [Parameter]) throws(PostgresError) {
    for (index, parameter) in parameters.enumerated() {
      switch parameter {
      case .null:
        offsets.append(nil)
        lengths.append(0)
        formats.append(0)
      case .text(let text):
        let start = bytes.count
        for byte in text.utf8 {
          guard byte != 0 else {
            throw PostgresError(.misuse, "parameter $\(index + 1) holds a NUL character, which no text can")
          }
          bytes.append(CChar(bitPattern: byte))
        }
        offsets.append(start)
        lengths.append(Int32(bytes.count - start))
        formats.append(0)
        bytes.append(0)
      case .bytes(let value):
        offsets.append(bytes.count)
        lengths.append(Int32(value.count))
        formats.append(1)
        for byte in value { bytes.append(CChar(bitPattern: byte)) }
        bytes.append(0)
      }
    }
  }

  /// Calls `body` with values, lengths and formats, valid during the call.
  func withPointers<R>(
    _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> R
  ) -> R {
    bytes.withUnsafeBufferPointer { bytes in
      let values = offsets.map { offset in offset.flatMap { bytes.baseAddress?.advanced(by: $0) } }
      return values.withUnsafeBufferPointer { values in
        lengths.withUnsafeBufferPointer { lengths in
          formats.withUnsafeBufferPointer { formats in
            body(values.baseAddress, lengths.baseAddress, formats.baseAddress)
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

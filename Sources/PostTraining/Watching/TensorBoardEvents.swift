/// The file format TensorBoard reads: records of one event each, framed by their length and two checksums.
///
/// Written from TensorFlow's description of TFRecord files and of `event.proto`: numbers are little-endian, a
/// checksum is CRC-32C rotated by 15 bits plus a constant, an event is a protocol buffer with the wall time (1), the
/// step (2), and either the file's version (3) or a summary (5) of tag (1) and value (2).
public enum TensorBoardEvents {
  /// The record every file begins with.
  ///
  /// - Parameter time: seconds since 1970.
  public static func header(time: Double) -> [UInt8] {
    var event = Message()
    event.add(field: 1, time)
    event.add(field: 3, Array("brain.Event:2".utf8))
    return record(event.bytes)
  }

  /// One record with the values of a step; what is not finite is left out, as no curve can show it.
  ///
  /// - Parameter values: by the names under which TensorBoard groups them, `part/quantity`.
  public static func scalars(_ values: [String: Double], step: Int, time: Double) -> [UInt8] {
    var summary = Message()
    for (name, value) in values.sorted(by: { $0.key < $1.key }) where value.isFinite {
      var entry = Message()
      entry.add(field: 1, Array(name.utf8))
      entry.add(field: 2, Float(value))
      summary.add(field: 1, entry.bytes)
    }
    var event = Message()
    event.add(field: 1, time)
    event.add(field: 2, varint: UInt64(max(0, step)))
    event.add(field: 5, summary.bytes)
    return record(event.bytes)
  }

  private static func record(_ event: [UInt8]) -> [UInt8] {
    let length = littleEndian(UInt64(event.count))
    return length + littleEndian(maskedChecksum(length)) + event + littleEndian(maskedChecksum(event))
  }

  private static func maskedChecksum(_ bytes: [UInt8]) -> UInt32 {
    let sum = Castagnoli.checksum(bytes)
    return ((sum >> 15) | (sum << 17)) &+ 0xA282_EAD8
  }

  fileprivate static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}

/// The few wire types of protocol buffers that events use.
private struct Message {
  private(set) var bytes: [UInt8] = []

  private mutating func key(_ field: Int, wire: Int) { bytes.append(UInt8(field << 3 | wire)) }

  mutating func add(field: Int, _ value: Double) {
    key(field, wire: 1)
    bytes += TensorBoardEvents.littleEndian(value.bitPattern)
  }

  mutating func add(field: Int, _ value: Float) {
    key(field, wire: 5)
    bytes += TensorBoardEvents.littleEndian(value.bitPattern)
  }

  mutating func add(field: Int, varint value: UInt64) {
    key(field, wire: 0)
    append(varint: value)
  }

  mutating func add(field: Int, _ content: [UInt8]) {
    key(field, wire: 2)
    append(varint: UInt64(content.count))
    bytes += content
  }

  private mutating func append(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

/// CRC-32C, the checksum with Castagnoli's polynomial, bit-reversed.
private enum Castagnoli {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { sum, _ in sum & 1 == 1 ? (sum >> 1) ^ 0x82F6_3B78 : sum >> 1 }
  }

  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { sum, byte in table[Int((sum ^ UInt32(byte)) & 0xFF)] ^ (sum >> 8) }
  }
}

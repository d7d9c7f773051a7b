internal import OrderedJSON

/// The header of a safetensors file: eight bytes of little-endian length, then JSON that gives each tensor
/// its format, shape and place in the data behind it. Every claim is checked before any of it is used.
struct SafetensorsHeader {
  struct Entry {
    let name: String
    let dtype: SafetensorsDType
    let shape: [Int]
    /// Bytes of the file.
    let bytes: Range<Int>
  }

  /// As the reference implementation bounds it.
  static let longest = 100_000_000

  let entries: [Entry]
  let metadata: [String: String]

  init(_ file: MappedFile) throws(SafetensorsError) {
    func refuse(_ reason: String, _ tensor: String? = nil) -> SafetensorsError {
      SafetensorsError(path: file.path, tensor: tensor, reason: reason)
    }
    let size = file.bytes.count
    if size < 8 {
      throw refuse("\(size) bytes are no safetensors file: it begins with a header length of 8 bytes")
    }
    let declared = UInt64(littleEndian: file.bytes.loadUnaligned(as: UInt64.self))
    if declared > UInt64(Self.longest) {
      throw refuse("the header claims \(declared) bytes; at most \(Self.longest) are accepted")
    }
    let length = Int(declared)
    if 8 + length > size {
      throw refuse("truncated: the header claims \(length) bytes, the file has \(size - 8) after its length")
    }
    let json: JSON
    do {
      json = try JSON(parsing: UnsafeRawBufferPointer(rebasing: file.bytes[8..<8 + length]))
    } catch {
      throw refuse("the header is not JSON: \(error)")
    }
    guard let members = json.members else { throw refuse("the header is not a JSON object") }

    var entries: [Entry] = []
    var metadata: [String: String] = [:]
    for member in members {
      if member.key == "__metadata__" {
        for item in member.value.members ?? [] { metadata[item.key] = item.value.string }
        continue
      }
      entries.append(try Self.entry(member, dataStart: 8 + length, file))
    }
    try Self.checkPlaces(entries, dataStart: 8 + length, file)
    self.entries = entries
    self.metadata = metadata
  }

  private static func entry(
    _ member: JSON.Member, dataStart: Int, _ file: MappedFile
  ) throws(SafetensorsError) -> Entry {
    func refuse(_ reason: String) -> SafetensorsError {
      SafetensorsError(path: file.path, tensor: member.key, reason: reason)
    }
    guard let name = member.value["dtype"]?.string else { throw refuse("has no dtype") }
    guard let dtype = SafetensorsDType(rawValue: name) else {
      let known = SafetensorsDType.allCases.map(\.rawValue).joined(separator: ", ")
      throw refuse("the dtype \"\(name)\" is not one of \(known)")
    }
    guard let dimensions = member.value["shape"]?.array else { throw refuse("has no shape") }
    var shape: [Int] = []
    var bytes = dtype.size
    for dimension in dimensions {
      guard let value = dimension.int, value >= 0 else {
        throw refuse("the shape has a dimension that is not a whole number ≥ 0")
      }
      let (product, overflow) = bytes.multipliedReportingOverflow(by: value)
      if overflow { throw refuse("the shape has more elements than memory can have") }
      bytes = product
      shape.append(value)
    }
    guard let places = member.value["data_offsets"]?.array, places.count == 2,
      let begin = places[0].int, let end = places[1].int
    else { throw refuse("has no data_offsets of two whole numbers") }
    if begin < 0 || end < begin { throw refuse("the data_offsets \(begin) … \(end) are not a range") }
    if end - begin != bytes {
      throw refuse(
        "\(end - begin) bytes of data for the shape \(shape) in \(dtype.rawValue), which takes \(bytes)")
    }
    let available = file.bytes.count - dataStart
    if end > available {
      throw refuse(
        "its data ends at byte \(end) of \(available): the file is truncated or its header is wrong")
    }
    return Entry(name: member.key, dtype: dtype, shape: shape, bytes: dataStart + begin..<dataStart + end)
  }

  /// The data must be covered without overlap, gap or rest, as the format demands.
  private static func checkPlaces(
    _ entries: [Entry], dataStart: Int, _ file: MappedFile
  ) throws(SafetensorsError) {
    let ordered = entries.sorted {
      ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
    }
    var end = dataStart
    var last = ""
    for entry in ordered {
      if entry.bytes.lowerBound < end {
        throw SafetensorsError(
          path: file.path, tensor: entry.name, reason: "its data overlaps that of \"\(last)\"")
      }
      if entry.bytes.lowerBound > end {
        throw SafetensorsError(
          path: file.path, tensor: entry.name,
          reason: "\(entry.bytes.lowerBound - end) bytes before its data belong to no tensor")
      }
      end = entry.bytes.upperBound
      last = entry.name
    }
    if end != file.bytes.count {
      throw SafetensorsError(
        path: file.path, reason: "\(file.bytes.count - end) bytes at its end belong to no tensor")
    }
  }
}

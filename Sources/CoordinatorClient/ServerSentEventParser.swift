/// An event of a stream as it came.
struct ServerSentEvent: Sendable, Equatable {
  let name: String
  /// The last id that the stream gave, with this event or before.
  let id: String
  let data: [UInt8]

  var text: String { String(decoding: data, as: UTF8.self) }
}

/// Reads server-sent events from whatever pieces the network gives.
struct ServerSentEventParser: Sendable {
  private var line: [UInt8] = []
  private var name = ""
  private var data: [UInt8] = []
  private(set) var lastID = ""

  /// Forgets a half event.
  mutating func startAgain() {
    line = []
    name = ""
    data = []
  }

  mutating func receive(_ bytes: some Sequence<UInt8>) -> [ServerSentEvent] {
    var events: [ServerSentEvent] = []
    for byte in bytes {
      guard byte == UInt8(ascii: "\n") else {
        line.append(byte)
        continue
      }
      if line.last == UInt8(ascii: "\r") { line.removeLast() }
      if line.isEmpty {
        if !name.isEmpty { events.append(ServerSentEvent(name: name, id: lastID, data: data)) }
        name = ""
        data = []
      } else {
        field()
      }
      line.removeAll(keepingCapacity: true)
    }
    return events
  }

  private mutating func field() {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return }
    var value = line[(colon + 1)...]
    if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
    switch String(decoding: line[..<colon], as: UTF8.self) {
    case "event": name = String(decoding: value, as: UTF8.self)
    case "id": lastID = String(decoding: value, as: UTF8.self)
    case "data": data += value
    default: break
    }
  }
}

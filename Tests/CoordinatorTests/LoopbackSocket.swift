import Glibc
import Testing
import WorkerRuntime

/// Connections of this machine with itself, below HTTP.
enum LoopbackSocket {
  /// - Parameter port: 0 for any.
  static func place(_ port: UInt16) -> sockaddr_in {
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_port = port.bigEndian
    place.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return place
  }

  /// Takes connections and never answers, until `end` is closed.
  static func silentListener() -> (end: Int32, port: UInt16)? {
    let end = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var place = place(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &place) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(end, address, length) == 0 && listen(end, 64) == 0 && getsockname(end, address, &length) == 0
      }
    }
    if isBound { return (end, UInt16(bigEndian: place.sin_port)) }
    close(end)
    return nil
  }

  /// - Returns: nil when nobody listens there.
  static func connect(to port: UInt16) -> Int32? {
    let end = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var place = place(port)
    let isConnected = withUnsafePointer(to: &place) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        Glibc.connect(end, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    if isConnected { return end }
    close(end)
    return nil
  }

  static func send(_ bytes: some Collection<UInt8>, to end: Int32) -> Bool {
    var left = ArraySlice(bytes)
    while !left.isEmpty {
      let sent = left.withUnsafeBytes { Glibc.send(end, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard sent > 0 else { return false }
      left = left.dropFirst(sent)
    }
    return true
  }

  /// What comes until the other side closes, or nothing more for half a minute.
  static func rest(from end: Int32) -> String {
    var patience = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(end, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var (bytes, buffer): ([UInt8], [UInt8]) = ([], Array(repeating: 0, count: 4096))
    while case let count = recv(end, &buffer, buffer.count, 0), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// What a server answers to `text` until it closes.
  ///
  /// - Parameter url: the server's, with a port.
  static func exchange(_ text: String, with url: String) async throws -> String {
    let port = try #require(url.split(separator: ":").last.flatMap { UInt16($0) })
    return try await DedicatedThread(name: "exchange").run {
      let end = try #require(connect(to: port))
      defer { close(end) }
      #expect(send(text.utf8, to: end))
      return rest(from: end)
    }
  }
}

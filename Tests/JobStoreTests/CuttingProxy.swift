import Glibc
import PostgresClient
import Randomness
import Scheduling
import Synchronization

/// Stands between clients and a server, lets a transaction end and cuts the connection before its answer arrives: the
/// client does not know whether it has happened. A statement outside of a transaction block is a transaction too.
final class CuttingProxy: Sendable {
  private let listener: Int32
  private let port: Int
  private let upstream: String
  private let database: String
  private let every: Int
  private let draws = Mutex(SplitMix64(seed: 1))
  private let cutCount = Mutex(0)

  /// Connections cut so far.
  var cuts: Int { cutCount.withLock { $0 } }

  /// - Parameters:
  ///   - address: of a server behind a Unix socket.
  ///   - every: cuts at one end in so many, drawn by chance.
  init(to address: PostgresAddress, every: Int) throws {
    let words = address.connectionString.split(separator: " ").map(String.init)
    func value(_ key: String) -> String {
      let word = words.first { $0.hasPrefix(key + "=") } ?? ""
      return String(word.dropFirst(key.count + 1).filter { $0 != "'" })
    }
    upstream = "\(value("host"))/.s.PGSQL.\(value("port"))"
    database = "dbname=\(value("dbname")) user=\(value("user"))"
    self.every = every
    let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    listener = listening
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &place) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listening, address, length) == 0 && listen(listening, 64) == 0
          && getsockname(listening, address, &length) == 0
      }
    }
    guard listening >= 0, bound else { throw PostgresError(.unavailable, "the proxy cannot listen") }
    port = Int(UInt16(bigEndian: place.sin_port))
    Self.detach { [self] in
      while case let client = accept(listener, nil, nil), client >= 0 {
        Self.detach { [self] in relay(client) }
      }
    }
  }

  /// Where clients find the server through the proxy.
  var address: PostgresAddress {
    PostgresAddress("host=127.0.0.1 port=\(port) sslmode=disable gssencmode=disable \(database)")
  }

  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  private func relay(_ client: Int32) {
    let server = connectUpstream()
    defer {
      close(client)
      if server >= 0 { close(server) }
    }
    guard server >= 0 else { return }
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    var isGreeted = false
    while true {
      var ends = [
        pollfd(fd: client, events: Int16(POLLIN), revents: 0),
        pollfd(fd: server, events: Int16(POLLIN), revents: 0),
      ]
      guard poll(&ends, 2, -1) > 0 else { return }
      if ends[1].revents == 0 {
        guard let said = receive(from: client, &buffer), pass(said, to: server) else { return }
        continue
      }
      guard let said = receive(from: server, &buffer) else { return }
      if Self.leavesIdle(said) {
        if isGreeted, isCut() {
          cutCount.withLock { $0 += 1 }
          return
        }
        isGreeted = true
      }
      guard pass(said, to: client) else { return }
    }
  }

  /// Whether the server is ready for a query and in no transaction: ReadyForQuery with status I.
  private static func leavesIdle(_ said: ArraySlice<UInt8>) -> Bool {
    said.suffix(6).elementsEqual([0x5A, 0, 0, 0, 5, 0x49])
  }

  private func isCut() -> Bool {
    draws.withLock { $0.once(in: every) }
  }

  /// - Returns: nil at the end of the stream.
  private func receive(from: Int32, _ buffer: inout [UInt8]) -> ArraySlice<UInt8>? {
    let count = recv(from, &buffer, buffer.count, 0)
    return count > 0 ? buffer[..<count] : nil
  }

  private func pass(_ said: ArraySlice<UInt8>, to: Int32) -> Bool {
    var sent = 0
    while sent < said.count {
      let more = said.withUnsafeBytes { bytes in
        send(to, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard more > 0 else { return false }
      sent += more
    }
    return true
  }

  private func connectUpstream() -> Int32 {
    let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var place = sockaddr_un()
    place.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &place.sun_path) { bytes in
      for (index, byte) in upstream.utf8.prefix(bytes.count - 1).enumerated() { bytes[index] = byte }
    }
    let connected = withUnsafePointer(to: &place) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        connect(server, address, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
    if connected { return server }
    close(server)
    return -1
  }

  private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  private static func detach(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, Unmanaged.passRetained(Work(body)).toOpaque())
    pthread_detach(thread)
  }
}

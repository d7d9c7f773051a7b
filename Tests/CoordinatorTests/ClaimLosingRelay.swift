import Foundation
import Glibc
import Synchronization

/// Stands between a worker and its coordinator, and loses the answer to a claim when it is told to: the coordinator has
/// leased tasks then, and the worker does not know of them.
final class ClaimLosingRelay: Sendable {
  private let listener: Int32
  private let port: Int
  private let upstream: UInt16
  private let toLose = Mutex(0)
  private let lostCount = Mutex(0)

  /// - Parameter url: of a coordinator on this machine.
  init(to url: String) throws {
    guard let upstream = UInt16(url.split(separator: ":").last ?? "") else {
      throw CocoaError(.fileReadInvalidFileName)
    }
    self.upstream = upstream
    let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    listener = listening
    var place = Self.place(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &place) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listening, address, length) == 0 && listen(listening, 64) == 0
          && getsockname(listening, address, &length) == 0
      }
    }
    guard listening >= 0, bound else { throw CocoaError(.fileReadUnknown) }
    port = Int(UInt16(bigEndian: place.sin_port))
    Thread.detachNewThread { [self] in
      while case let client = accept(listener, nil, nil), client >= 0 {
        Thread.detachNewThread { [self] in relay(client) }
      }
    }
  }

  var url: String { "http://127.0.0.1:\(port)" }

  /// Answers lost so far.
  var lost: Int { lostCount.withLock { $0 } }

  func loseNextClaim() { toLose.withLock { $0 += 1 } }

  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  private func relay(_ client: Int32) {
    let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var place = Self.place(upstream)
    let connected = withUnsafePointer(to: &place) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        connect(server, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    defer {
      close(client)
      close(server)
    }
    guard connected else { return }
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    var isClaim = false
    while true {
      var ends = [
        pollfd(fd: client, events: Int16(POLLIN), revents: 0),
        pollfd(fd: server, events: Int16(POLLIN), revents: 0),
      ]
      guard poll(&ends, 2, -1) > 0 else { return }
      let isRequest = ends[0].revents != 0
      let count = recv(isRequest ? client : server, &buffer, buffer.count, 0)
      guard count > 0 else { return }
      if isRequest {
        // The body may come by itself.
        if buffer.starts(with: "POST ".utf8) { isClaim = buffer.starts(with: "POST /v1/claim ".utf8) }
      } else if isClaim, Self.hasTasks(buffer[..<count]), loses() {
        lostCount.withLock { $0 += 1 }
        return
      }
      var sent = 0
      while sent < count {
        let more = send(
          isRequest ? server : client, Array(buffer[sent..<count]), count - sent, Int32(MSG_NOSIGNAL))
        guard more > 0 else { return }
        sent += more
      }
    }
  }

  /// Whether an answer says more than that there is nothing to do.
  private static func hasTasks(_ head: ArraySlice<UInt8>) -> Bool {
    let lines = String(decoding: head, as: UTF8.self).lowercased().split(separator: "\r\n")
    let length = lines.first { $0.hasPrefix("content-length:") }?.split(separator: " ").last.flatMap {
      Int($0)
    }
    return length ?? 0 > 100
  }

  private func loses() -> Bool {
    toLose.withLock { left in
      guard left > 0 else { return false }
      left -= 1
      return true
    }
  }

  private static func place(_ port: UInt16) -> sockaddr_in {
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_port = port.bigEndian
    place.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return place
  }
}

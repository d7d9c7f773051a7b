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
    var place = LoopbackSocket.place(0)
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
    defer { close(client) }
    guard let server = LoopbackSocket.connect(to: upstream) else { return }
    defer { close(server) }
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
      guard LoopbackSocket.send(buffer[..<count], to: isRequest ? server : client) else { return }
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
}

import CPostgres
import Glibc

/// Receives NOTIFY on a connection and a thread of its own.
///
/// A hint only: a notification may be lost while the connection is down, so whoever listens also polls. After
/// every (re)connection an event without a channel tells to look once.
public struct Listener: Sendable {
  public struct Event: Sendable, Equatable {
    /// nil after a new connection: something may have been missed.
    public let channel: String?
    public let payload: String
  }

  private let address: PostgresAddress
  private let settings: SessionSettings

  public init(address: PostgresAddress, settings: SessionSettings = SessionSettings()) {
    self.address = address
    self.settings = settings
  }

  /// Events until the stream's reader goes away. Only the newest are kept for a slow reader.
  public func events(on channels: [String]) -> AsyncStream<Event> {
    AsyncStream(bufferingPolicy: .bufferingNewest(64)) { continuation in
      let wake = WakePipe()
      continuation.onTermination = { _ in wake.ring() }
      OwnThread.start { [address, settings] in
        var pause: Int32 = 100
        while !wake.hasRung {
          if let session = try? Session(address: address, settings: settings),
            (try? session.executeScript(
              channels.map { "LISTEN \(Session.quotedIdentifier($0));" }.joined())) != nil
          {
            pause = 100
            continuation.yield(Event(channel: nil, payload: ""))
            Self.receive(from: session, into: continuation, until: wake)
          }
          if !wake.hasRung {
            wake.wait(alongside: -1, milliseconds: pause)
            pause = min(pause * 2, 5000)
          }
        }
        continuation.finish()
      }
    }
  }

  private static func receive(
    from session: Session, into continuation: AsyncStream<Event>.Continuation, until wake: WakePipe
  ) {
    while !wake.hasRung, session.isAlive {
      while let (channel, payload) = session.nextNotification() {
        continuation.yield(Event(channel: channel, payload: payload))
      }
      wake.wait(alongside: session.socket, milliseconds: -1)
    }
  }
}

/// Wakes a thread that waits in poll(2).
private final class WakePipe: Sendable {
  private let reading: Int32
  private let writing: Int32

  init() {
    var ends: [Int32] = [-1, -1]
    pipe(&ends)
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    (reading, writing) = (ends[0], ends[1])
  }

  deinit {
    close(reading)
    close(writing)
  }

  func ring() {
    var byte: UInt8 = 1
    write(writing, &byte, 1)
  }

  /// The byte stays in the pipe: once rung, always rung.
  var hasRung: Bool {
    var entry = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) > 0
  }

  func wait(alongside socket: Int32, milliseconds: Int32) {
    var entries = [
      pollfd(fd: reading, events: Int16(POLLIN), revents: 0),
      pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
    ]
    poll(&entries, socket >= 0 ? 2 : 1, milliseconds)
  }
}

import Glibc

/// A terminal of a given size: what a program writes to `path` can be read here, as a person's screen gets it.
final class PseudoTerminal {
  let path: String
  private let descriptor: Int32
  private(set) var text = ""

  // TIOCSPTLCK and TIOCGPTN, macros that Swift does not see.
  private static let setLock: UInt = 0x4004_5431
  private static let getNumber: UInt = 0x8004_5430

  init(columns: UInt16, rows: UInt16) throws {
    descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var (locked, number) = (Int32(0), UInt32(0))
    guard descriptor >= 0, ioctl(descriptor, Self.setLock, &locked) == 0,
      ioctl(descriptor, Self.getNumber, &number) == 0
    else { throw SystemError("no terminal: \(String(cString: strerror(errno)))") }
    path = "/dev/pts/\(number)"
    var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    guard ioctl(descriptor, UInt(TIOCSWINSZ), &size) == 0, fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else {
      throw SystemError("the terminal takes no size: \(String(cString: strerror(errno)))")
    }
  }

  deinit { close(descriptor) }

  /// Adds what has come to `text`, until the condition holds.
  func read(until holds: (String) -> Bool) async throws {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while !holds(text) {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count > 0 {
        text += String(decoding: buffer[..<count], as: UTF8.self)
      } else {
        try await Task.sleep(for: .milliseconds(20))
      }
    }
  }
}

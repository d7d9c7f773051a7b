import CPostgres
import Glibc

/// Waiting for answers. A server that is gone is noticed by TCP; one that is there and says nothing, as behind a
/// connection that something between has forgotten, or while its machine hangs, is given up when its own time limit must
/// have ended what it was asked for.
extension Session {
  /// The next result, or nil at the end of an answer, as PQgetResult gives it. Beyond the limit on its statements the
  /// server has twice the time that a connection may take: for the network, and for a commit.
  /// - Parameter statements: how many the server may be at before it says something.
  func nextResult(of statements: Int = 1) -> OpaquePointer? {
    let limit: Double? =
      settings.statementTimeout > 0 && !hasNoTimeLimit
      ? settings.statementTimeout * Double(max(statements, 1)) + 2 * Double(settings.connectTimeout) : nil
    while PQisBusy(connection) == 1 {
      var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      let found = poll(&entry, 1, limit.map { Int32(min($0 * 1000, 1e9)) } ?? -1)
      if found == 0, let limit {
        silence = "the server has not answered for \(Int(limit)) s"
        // Whatever is tried with the connection from now on fails at once.
        shutdown(socket, Int32(SHUT_RDWR))
      }
      // What is wrong with a broken connection is told by the result.
      if found < 0 ? errno != EINTR : PQconsumeInput(connection) != 1 { break }
    }
    return PQgetResult(connection)
  }

  /// The last result of what was sent, when all of it has been answered.
  func lastResult() -> OpaquePointer? {
    var last: OpaquePointer?
    while let result = nextResult() {
      PQclear(last)
      last = result
    }
    return last
  }
}

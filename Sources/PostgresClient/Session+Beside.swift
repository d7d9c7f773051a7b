extension Session {
  /// Sees to it that there is a second connection for `execute(_:beside:_:)`.
  /// - Returns: false where the server gives none, as when it has as many as it allows; it is not asked again then.
  public func openSecond() -> Bool {
    if let second, second.isAlive { return true }
    second = nil
    guard !lacksSecond else { return false }
    var settings = self.settings
    settings.others["synchronous_commit"] = "off"
    settings.others["lock_timeout"] = "100"
    second = try? Session(address: address, settings: settings)
    lacksSecond = second == nil
    return !lacksSecond
  }

  /// Runs two statements at the same time: `statement` on this connection, where it is a part of the open transaction, and
  /// `other` on a second one, in a transaction of its own, which has ended when this returns. That one does not wait until
  /// it is on disk: whatever this connection commits next takes it there too, as the log is written in order, and so do
  /// two transactions share a flush. Where nothing is committed, `takeToDisk` does.
  ///
  /// The transaction of this connection stands still until `other` is done, so `other` must not wait for its locks. What
  /// waits for a lock all the same, as behind a change of the schema, gives up after 0.1 s (`isLockTimeout`).
  /// - Parameter read: makes something of the first answer, mostly while `other` still runs.
  /// - Precondition: `openSecond` has returned true.
  /// - Throws: when nothing was run.
  public func execute<R>(
    _ statement: Statement, beside other: Statement, _ read: (Rows) throws -> R
  ) throws(PostgresError) -> (Result<R, any Error>, beside: Result<Rows, PostgresError>) {
    guard let second else { throw PostgresError(.misuse, "there is no second connection") }
    let sent = try sendTogether([statement])
    let besides = Result { () throws(PostgresError) in try second.sendTogether([other]) }
    let answer = Result { try read(try receive(sent).get()[0]) }
    let rows = besides.flatMap { sent in
      Result { () throws(PostgresError) in try second.receive(sent).get()[0] }
    }
    if case .failure = rows { self.second = nil }
    return (answer, rows)
  }

  /// Waits until everything that was committed before is on disk.
  public func takeToDisk() throws(PostgresError) {
    try execute("SELECT pg_logical_emit_message(true, 'ar1', '')")
  }
}

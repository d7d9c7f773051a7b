import Hummingbird
import JobModel
import JobStore

/// The lines of a job as server-sent events: `line` with a log record each, and `end` with the job's state once it has
/// ended and every line has been sent.
struct LogStream: Sendable {
  static let pageLines = 1_000

  let store: JobStore
  let signals: Signals
  let job: JobID
  let caller: Caller
  let looks: Looks
  let after: Int64

  func response() async throws -> Response {
    // What is wrong with the request is told by a status, so it must come before the stream.
    let first = try await store.logs(job, lab: caller.lab, after: after, limit: Self.pageLines)
    return ServerSentEvents.response(to: StreamReader(store: store, token: caller.token)) {
      try await send(from: first, to: &$0)
    }
  }

  private func send(from first: LogPage, to writer: inout EventWriter) async throws {
    var page = first
    var sequence = after
    while true {
      for line in page.lines {
        try writer.add("line", id: line.sequence, line)
        sequence = line.sequence
      }
      let isOver = page.lines.isEmpty && page.state.isFinal
      if isOver { writer.add("end", data: page.state.rawValue) }
      try await writer.flush()
      if isOver { return }
      let seen = sequence
      // What there is follows at once; only what is yet to come is looked for now and then.
      if page.lines.count == Self.pageLines {
        page = try await store.logs(job, lab: caller.lab, after: seen, limit: Self.pageLines)
        continue
      }
      let next = try await LongPoll.until(writer.nextSign, on: signals.logs, paced: looks) { () -> LogPage? in
        let page = try await store.logs(job, lab: caller.lab, after: seen, limit: Self.pageLines)
        return page.lines.isEmpty && !page.state.isFinal ? nil : page
      }
      if signals.logs.isClosed { return }
      page = next ?? LogPage(lines: [], state: page.state)
    }
  }
}

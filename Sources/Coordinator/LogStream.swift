import HTTPTypes
import Hummingbird
import JobModel
import JobStore
import NIOCore
import OrderedJSON

/// The lines of a job as server-sent events: `line` with a log record each, a comment as a sign of life while
/// nothing happens, and `end` with the job's state once it has ended and every line has been sent.
struct LogStream: Sendable {
  static let signOfLife = Duration.seconds(10)
  static let pageLines = 1_000

  let store: JobStore
  let signals: Signals
  let job: JobID
  let lab: LabID
  let after: Int64

  func response() async throws -> Response {
    // What is wrong with the request is told by a status, so it must come before the stream.
    let first = try await store.logs(job, lab: lab, after: after, limit: Self.pageLines)
    var headers = HTTPFields()
    headers[.contentType] = "text/event-stream"
    headers[.cacheControl] = "no-cache"
    headers[.connection] = "close"
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody { writer in
        do {
          try await send(from: first, to: &writer)
        } catch  where Refusal(error) != nil {
          // The database went away: the stream ends without `end`, and the reader takes it up again.
        }
        try await writer.finish(nil)
      })
  }

  private func send(from first: LogPage, to writer: inout any ResponseBodyWriter) async throws {
    var page = first
    var sequence = after
    var lastSign = ContinuousClock.now
    while true {
      var text = ""
      for line in page.lines {
        text += "id: \(line.sequence)\nevent: line\ndata: \(try JSON(encoding: line).serialized())\n\n"
        sequence = line.sequence
      }
      if page.lines.isEmpty {
        if page.state.isFinal {
          try await writer.write(ByteBuffer(string: "event: end\ndata: \(page.state.rawValue)\n\n"))
          return
        }
        if ContinuousClock.now - lastSign >= Self.signOfLife { text = ": waiting\n\n" }
      }
      if !text.isEmpty {
        // A reader that is gone shows here, at the next sign of life at the latest.
        try await writer.write(ByteBuffer(string: text))
        lastSign = .now
      }
      let seen = sequence
      let deadline = lastSign + Self.signOfLife
      let next = try await LongPoll.until(deadline, on: signals.logs) { () -> LogPage? in
        let page = try await store.logs(job, lab: lab, after: seen, limit: Self.pageLines)
        return page.lines.isEmpty && !page.state.isFinal ? nil : page
      }
      if signals.logs.isClosed { return }
      page = next ?? LogPage(lines: [], state: page.state)
    }
  }
}

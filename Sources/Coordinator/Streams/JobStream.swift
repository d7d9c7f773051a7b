import Hummingbird
import JobModel
import JobStore

/// A job as server-sent events: `job` with the record whenever its state, its counts or its progress have changed, and
/// `end` with its final state.
struct JobStream: Sendable {
  let store: JobStore
  let signals: Signals
  let job: JobID
  let caller: Caller
  let looks: Looks

  func response() async throws -> Response {
    let first = try await store.job(job, lab: caller.lab)
    return ServerSentEvents.response(to: StreamReader(store: store, token: caller.token)) {
      try await send(from: first, to: &$0)
    }
  }

  private func send(from first: JobRecord, to writer: inout EventWriter) async throws {
    var record = first
    try writer.add("job", record)
    while true {
      if record.state.isFinal { writer.add("end", data: record.state.rawValue) }
      try await writer.flush()
      if record.state.isFinal { return }
      let seen = record
      let next = try await LongPoll.until(writer.nextSign, on: signals.jobs, paced: looks) {
        () -> JobRecord? in
        let record = try await store.job(job, lab: caller.lab)
        return record == seen ? nil : record
      }
      if signals.jobs.isClosed { return }
      if let next {
        record = next
        try writer.add("job", record)
      }
    }
  }
}

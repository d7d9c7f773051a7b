import Hummingbird
import JobModel
import JobStore

/// The events of a lab's jobs as they happen: `event` with a record each, and as its id where a reader that comes back
/// shall begin. Such a reader may see an event again and knows it by its number; the first event, `ready`, lists the
/// numbers of those that had happened before.
struct EventStream: Sendable {
  let store: JobStore
  let signals: Signals
  let caller: Caller
  let looks: Looks
  /// nil begins with what happens from now on.
  let after: Int64?

  func response() async throws -> Response {
    let tail = try await store.eventTail(lab: caller.lab, from: after)
    return ServerSentEvents.response(to: StreamReader(store: store, token: caller.token)) {
      try await send(tail, to: &$0)
    }
  }

  private func send(_ first: EventTail, to writer: inout EventWriter) async throws {
    var tail = first
    try writer.add("ready", id: tail.floor, tail.known)
    try await writer.flush()
    while true {
      let events = try await LongPoll.until(writer.nextSign, on: signals.jobs, paced: looks) {
        () -> [EventRecord]? in
        // The tail moves on where nothing is new, too.
        let events = try await store.newEvents(&tail)
        return events.isEmpty ? nil : events
      }
      if signals.jobs.isClosed { return }
      for event in events ?? [] { try writer.add("event", id: tail.floor, event) }
      try await writer.flush()
    }
  }
}

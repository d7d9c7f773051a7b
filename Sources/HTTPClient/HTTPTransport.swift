import CCurl
import Glibc
import Synchronization

/// All HTTP exchanges of the process on one thread of its own, driven by libcurl's multi interface:
/// callers suspend, no thread of the cooperative pool waits, connections are kept and used again.
package final class HTTPTransport: Sendable {
  package static let shared = HTTPTransport()

  private struct Inbox: Sendable {
    var begun: [Transfer] = []
    var cancelled: [UInt64] = []
    var nextID: UInt64 = 0
    var isStarted = false
  }

  private let inbox = Mutex(Inbox())
  private let loop: Loop

  package init() { loop = Loop() }

  package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    try await exchange(request, onBytes: nil)
  }

  /// Hands over the body piece by piece while it arrives, if the status is 200; other bodies are collected.
  /// Returns when the server ends the stream.
  package func stream(
    _ request: HTTPRequest, onBytes: @escaping @Sendable (UnsafeBufferPointer<UInt8>) -> Void
  ) async throws -> HTTPResponse {
    try await exchange(request, onBytes: onBytes)
  }

  private func exchange(
    _ request: HTTPRequest, onBytes: (@Sendable (UnsafeBufferPointer<UInt8>) -> Void)?
  ) async throws -> HTTPResponse {
    let id = inbox.withLock { inbox in
      inbox.nextID += 1
      return inbox.nextID
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        begin(Transfer(id: id, request: request, onBytes: onBytes) { continuation.resume(with: $0) })
        // A cancellation before the line above found nothing to cancel.
        if Task.isCancelled { cancel(id) }
      }
    } onCancel: {
      cancel(id)
    }
  }

  private func begin(_ transfer: Transfer) {
    let mustStart = inbox.withLock { inbox in
      inbox.begun.append(transfer)
      defer { inbox.isStarted = true }
      return !inbox.isStarted
    }
    if mustStart { start() } else { loop.wake() }
  }

  private func cancel(_ id: UInt64) {
    inbox.withLock { $0.cancelled.append(id) }
    loop.wake()
  }

  private func start() {
    let transport = Unmanaged.passRetained(self)
    var thread = pthread_t()
    let failure = pthread_create(
      &thread, nil,
      { argument in
        if let argument {
          Unmanaged<HTTPTransport>.fromOpaque(argument).takeRetainedValue().drive()
        }
        return nil
      }, transport.toOpaque())
    guard failure == 0 else {
      transport.release()
      let orphans = inbox.withLock { inbox in
        inbox.isStarted = false
        defer { inbox.begun = [] }
        return inbox.begun
      }
      for orphan in orphans { orphan.finish(.failure(.broken("no thread for the HTTP client"))) }
      return
    }
    pthread_detach(thread)
  }

  /// The thread's whole life.
  private func drive() {
    var signals = sigset_t()
    sigfillset(&signals)
    pthread_sigmask(SIG_BLOCK, &signals, nil)

    guard let multi = loop.pointer else {
      while true {
        let begun = inbox.withLock { inbox in
          defer { inbox.begun = [] }
          return inbox.begun
        }
        for transfer in begun { transfer.finish(.failure(.broken("libcurl does not start"))) }
        usleep(100_000)
      }
    }
    var running: [UInt64: (transfer: Transfer, handle: OpaquePointer)] = [:]
    while true {
      let (begun, cancelled) = inbox.withLock { inbox in
        defer {
          inbox.begun = []
          inbox.cancelled = []
        }
        return (inbox.begun, inbox.cancelled)
      }
      for transfer in begun {
        if let handle = transfer.begin(in: multi) {
          running[transfer.id] = (transfer, handle)
        } else {
          transfer.finish(.failure(.broken("libcurl is out of memory")))
        }
      }
      for id in cancelled {
        guard let (transfer, handle) = running.removeValue(forKey: id) else { continue }
        ar1_http_end(multi, handle)
        transfer.cancel()
      }
      ar1_http_step(multi, 60_000)
      var result = ar1_http_result()
      while ar1_http_take_finished(multi, &result) == 1 {
        guard let context = result.context else { continue }
        let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        guard let (_, handle) = running.removeValue(forKey: transfer.id) else { continue }
        ar1_http_end(multi, handle)
        transfer.finish(result)
      }
    }
  }
}

/// The loop's pointer. Sendable: it is set once here; the thread of the transport alone passes it to
/// libcurl, except for `wake`, which libcurl allows from any thread. It lives as long as the process.
private struct Loop: @unchecked Sendable {
  let pointer: OpaquePointer? = ar1_http_loop_create()

  func wake() {
    if let pointer { ar1_http_wake(pointer) }
  }
}

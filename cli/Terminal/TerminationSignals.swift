import Dispatch
import Glibc

/// SIGTERM and SIGINT as cancellation.
enum TerminationSignals {
  /// Runs `body` and cancels its task at the first SIGTERM or SIGINT; a second one ends the process at once.
  static func cancelling<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let work = Task { try await body() }
    let queue = DispatchQueue(label: "signals")
    let sources = [SIGTERM, SIGINT].map { number in
      // The default action would end the process before the source hears of it.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        if work.isCancelled { _exit(128 + number) }
        work.cancel()
      }
      source.resume()
      return source
    }
    defer {
      for source in sources { source.cancel() }
      signal(SIGTERM, SIG_DFL)
      signal(SIGINT, SIG_DFL)
    }
    return try await withTaskCancellationHandler {
      try await work.value
    } onCancel: {
      work.cancel()
    }
  }
}

import Hummingbird
import ServiceLifecycle

/// Waiting on behalf of a caller.
enum LongPoll {
  /// Calls `look` until it gives something, the time is over, the caller is gone or the server shuts down;
  /// then gives nil. Looks again at every signal, and in any case about every so many seconds.
  /// - Parameter looks: paces the looks, where they are a person's; nil looks as often as there is a reason to.
  static func until<Value: Sendable>(
    _ deadline: ContinuousClock.Instant, on signal: WorkSignal, every seconds: Double = 1,
    paced looks: Looks? = nil, look: () async throws -> Value?
  ) async throws -> Value? {
    try await withGracefulShutdownHandler {
      while true {
        try Task.checkCancellation()
        if let looks, try await !looks.turn(before: deadline, on: signal) { return nil }
        let generation = signal.generation
        let start = ContinuousClock.now
        let value = try await look()
        looks?.end(of: start)
        if let value { return value }
        let left = deadline - .now
        if left <= .zero || signal.isClosed { return nil }
        await signal.wait(after: generation, upTo: min(left, .seconds(seconds * .random(in: 0.7...1.3))))
      }
    } onGracefulShutdown: {
      signal.close()
    }
  }

  /// As the handler of a route: `operation` is cancelled when the caller closes the connection, so that
  /// nothing is leased to a worker that died while it waited.
  static func whileConnected(
    _ request: Request, _ operation: @Sendable (RequestBody) async throws -> Response
  ) async throws -> Response {
    // The connection has been read to its end, and nothing else can come on it, whatever the answer is.
    do {
      var response = try await request.body.consumeWithCancellationOnInboundClose(operation)
      response.headers[.connection] = "close"
      return response
    } catch {
      throw ReadToItsEnd(cause: error)
    }
  }
}

/// A failure of a request whose connection cannot take another one: the answer says that it closes, or the caller would
/// send its next request in vain.
struct ReadToItsEnd: Error {
  let cause: any Error
}

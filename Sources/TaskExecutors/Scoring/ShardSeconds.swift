internal import OrderedJSON
internal import Synchronization

/// Where the time of a shard went: how far reading hides behind the model.
struct ShardSeconds: Sendable {
  /// On the reading thread, beside the model.
  var reading = 0.0
  /// The model waited for images.
  var waiting = 0.0
  /// The model computed.
  var model = 0.0

  var json: JSON {
    .object([
      .init("reading", .number(Self.rounded(reading))), .init("waiting", .number(Self.rounded(waiting))),
      .init("model", .number(Self.rounded(model))),
    ])
  }

  mutating func add(_ json: JSON?) {
    reading += json?["reading"]?.double ?? 0
    waiting += json?["waiting"]?.double ?? 0
    model += json?["model"]?.double ?? 0
  }

  private static func rounded(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }
}

extension Double {
  /// Adds the seconds that `body` takes.
  mutating func timing<Value>(_ body: () throws -> Value) rethrows -> Value {
    let start = ContinuousClock.now
    defer { self += start.duration(to: .now) / .seconds(1) }
    return try body()
  }
}

/// Seconds counted on another thread.
final class Stopwatch: Sendable {
  private let counted = Mutex(0.0)
  var seconds: Double { counted.withLock { $0 } }

  func timing<Value>(_ body: () throws -> Value) rethrows -> Value {
    var taken = 0.0
    defer { counted.withLock { $0 += taken } }
    return try taken.timing(body)
  }
}

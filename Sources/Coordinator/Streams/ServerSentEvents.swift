import HTTPTypes
import Hummingbird
import JobModel
import JobStore
import NIOCore
import OrderedJSON

/// A response that stays open and sends events as they come.
enum ServerSentEvents {
  /// How long a reader hears nothing at most; one that is gone shows at the next sign.
  static let signOfLife = Duration.seconds(10)

  /// - Parameters:
  ///   - reader: the stream ends when the token may not read any more.
  ///   - send: writes events until the stream is over. When the database goes away in the middle the stream ends without
  ///     an `end` event, and the reader takes it up again.
  static func response(
    to reader: StreamReader, _ send: @escaping @Sendable (inout EventWriter) async throws -> Void
  ) -> Response {
    var headers = HTTPFields()
    headers[.contentType] = "text/event-stream"
    headers[.cacheControl] = "no-cache"
    headers[.connection] = "close"
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody { body in
        var writer = EventWriter(body: body, reader: reader)
        do { try await send(&writer) } catch is StreamReader.ShutOut {} catch  where Refusal(error) != nil {}
        try await writer.body.finish(nil)
      })
  }
}

/// Who reads a stream. A token is looked up again while the stream lasts: it may be revoked, and its user or lab shut out.
struct StreamReader: Sendable {
  struct ShutOut: Error {}

  let store: JobStore
  let token: TokenID

  func check() async throws {
    guard try await store.isStillGood(token, for: .read) else { throw ShutOut() }
  }
}

/// Collects events and sends them together.
struct EventWriter {
  fileprivate var body: any ResponseBodyWriter
  private let reader: StreamReader
  private var lastCheck = ContinuousClock.now
  private var text = ""
  /// When something was sent last.
  private(set) var lastSign = ContinuousClock.now

  fileprivate init(body: any ResponseBodyWriter, reader: StreamReader) {
    self.body = body
    self.reader = reader
  }

  /// When a sign of life is due.
  var nextSign: ContinuousClock.Instant { lastSign + ServerSentEvents.signOfLife }

  mutating func add(_ name: String, id: Int64? = nil, data: String) {
    if let id { text += "id: \(id)\n" }
    text += "event: \(name)\ndata: \(data)\n\n"
  }

  mutating func add(_ name: String, id: Int64? = nil, _ value: some Encodable) throws {
    add(name, id: id, data: try JSON(encoding: value).serialized())
  }

  /// Sends what was added; when that is nothing and a sign of life is due, a comment.
  /// - Throws: `StreamReader.ShutOut`, at most a sign of life after the token was shut out.
  mutating func flush() async throws {
    if ContinuousClock.now >= lastCheck + ServerSentEvents.signOfLife {
      try await reader.check()
      lastCheck = .now
    }
    if text.isEmpty, ContinuousClock.now >= nextSign { text = ": waiting\n\n" }
    guard !text.isEmpty else { return }
    try await body.write(ByteBuffer(string: text))
    text = ""
    lastSign = .now
  }
}

import HTTPTypes
import Hummingbird
import JobModel
import NIOCore
import OrderedJSON

/// How values become bodies and bodies values, the same for every route.
enum JSONBody {
  /// The most a request may carry unless its route says otherwise: 1 MiB.
  static let standardLimit = 1 << 20

  static func response(
    _ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) throws -> Response {
    let bytes = try JSON(encoding: value).serialized().utf8
    var headers = headers
    headers[.contentType] = "application/json"
    return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  /// - Throws: `Refusal` 413 for a body over `limit`, 400 for one that is not this JSON.
  static func read<Value: Decodable>(
    _ type: Value.Type = Value.self, from request: Request, limit: Int = standardLimit
  ) async throws -> Value {
    try decode(type, try await bytes(of: request, limit: limit))
  }

  private static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws -> Value {
    let tree: JSON
    do {
      tree = try JSON(parsing: bytes)
    } catch {
      throw Refusal.badRequest("the body is not valid JSON: \(error)")
    }
    do {
      return try tree.decode(type)
    } catch let error as DecodingError {
      throw Refusal.badRequest(describe(error))
    }
  }

  /// As above, from a body that was taken out of its request.
  static func read<Value: Decodable>(
    _ type: Value.Type = Value.self, from body: RequestBody, limit: Int = standardLimit
  ) async throws -> Value {
    try decode(type, try await bytes(of: body, limit: limit))
  }

  static func bytes(of request: Request, limit: Int) async throws -> [UInt8] {
    if let announced = request.headers[.contentLength].flatMap({ Int($0) }), announced > limit {
      throw tooLarge(limit)
    }
    return try await bytes(of: request.body, limit: limit)
  }

  private static func bytes(of body: RequestBody, limit: Int) async throws -> [UInt8] {
    do {
      return Array(buffer: try await body.collect(upTo: limit))
    } catch is NIOTooManyBytesError {
      throw tooLarge(limit)
    } catch let error where !(error is CancellationError) {
      // The caller has gone, or what he sends is no HTTP.
      throw Refusal.badRequest("the body did not arrive whole: \(error)")
    }
  }

  private static func tooLarge(_ limit: Int) -> Refusal {
    Refusal(.contentTooLarge, "too-large", "the body is larger than the \(limit) bytes allowed here")
  }

  private static func describe(_ error: DecodingError) -> String {
    func place(_ context: DecodingError.Context) -> String {
      let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
      return path.isEmpty ? "the body" : "'\(path.joined(separator: "."))'"
    }
    switch error {
    case .keyNotFound(let key, let context): return "\(place(context)) lacks the key '\(key.stringValue)'"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "\(place(context)): \(context.debugDescription)"
    case .dataCorrupted(let context):
      return context.codingPath.isEmpty
        ? "the body is not valid JSON in UTF-8" : "\(place(context)): \(context.debugDescription)"
    @unknown default: return "the body is not what this route reads"
    }
  }
}

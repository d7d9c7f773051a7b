import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore

/// How values become bodies and bodies values, the same for every route.
enum JSONBody {
  /// The most a request may carry unless its route says otherwise: 1 MiB.
  static let standardLimit = 1 << 20

  static func response(
    _ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) throws -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes]
    let bytes = try encoder.encode(value)
    var headers = headers
    headers[.contentType] = "application/json"
    return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  /// - Throws: `APIError` 413 for a body over `limit`, 400 for one that is not this JSON.
  static func read<Value: Decodable>(
    _ type: Value.Type = Value.self, from request: Request, limit: Int = standardLimit
  ) async throws -> Value {
    let bytes = try await bytes(of: request, limit: limit)
    do {
      return try JSONDecoder().decode(type, from: bytes)
    } catch let error as DecodingError {
      throw APIError.badRequest(describe(error))
    }
  }

  static func bytes(of request: Request, limit: Int) async throws -> Data {
    let tooLarge = APIError(
      .contentTooLarge, "too-large", "the body is larger than the \(limit) bytes allowed here")
    if let announced = request.headers[.contentLength].flatMap({ Int($0) }), announced > limit {
      throw tooLarge
    }
    do {
      return Data(buffer: try await request.body.collect(upTo: limit))
    } catch is NIOTooManyBytesError {
      throw tooLarge
    }
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

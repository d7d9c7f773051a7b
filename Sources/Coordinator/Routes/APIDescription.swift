import HTTPTypes
import Hummingbird
import NIOCore

/// The OpenAPI file of the routes, as it was built into the program; needs no token.
struct APIDescription {
  func add(to router: Router<APIContext>) {
    router.get("/v1/openapi.json") { _, _ in
      Response(
        status: .ok, headers: [.contentType: "application/json"],
        body: .init(byteBuffer: ByteBuffer(bytes: Self.bytes)))
    }
  }

  static let bytes = EmbeddedAsset.bytes("docs/openapi.json") ?? []
}

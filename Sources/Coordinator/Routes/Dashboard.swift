import HTTPTypes
import Hummingbird
import NIOCore

/// The page for browsers. It holds nothing secret: it asks for a token and reads the API with it.
struct Dashboard {
  /// Path under which a file is served, the file, and what it is.
  static let files = [
    ("/", "dashboard/index.html", "text/html; charset=utf-8"),
    ("/dashboard/app.js", "dashboard/app.js", "text/javascript; charset=utf-8"),
    ("/dashboard/style.css", "dashboard/style.css", "text/css; charset=utf-8"),
  ]

  /// Nothing from elsewhere is loaded, sent or framed, whatever got into the page.
  private static let policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'; "
    + "base-uri 'none'; form-action 'none'"

  func add(to router: Router<APIContext>) {
    for (path, file, type) in Self.files {
      guard let bytes = EmbeddedAsset.bytes(file) else { continue }
      router.get(RouterPath(path)) { _, _ in
        var headers = HTTPFields()
        headers[.contentType] = type
        headers[.cacheControl] = "no-cache"
        headers[.contentSecurityPolicy] = Self.policy
        headers[.xContentTypeOptions] = "nosniff"
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
      }
    }
  }
}

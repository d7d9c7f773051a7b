import CoordinatorClient
import HTTPClient
import Testing

/// The page for browsers.
@Suite struct DashboardTests {
  @Test("the page and all it names are served without a token, from the coordinator alone")
  func page() async throws {
    try await TestQueue.run { queue in
      func text(_ path: String) async throws -> String {
        let response = try await HTTPTransport.shared.send(HTTPRequest(method: "GET", url: queue.url + path))
        #expect(response.status == 200, "\(path)")
        return String(decoding: response.body, as: UTF8.self)
      }
      for path in ["/", "/v1/health"] {
        let head = try await LoopbackSocket.exchange(
          "HEAD \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", with: queue.url)
        #expect(head.hasPrefix("HTTP/1.1 200 ") && head.hasSuffix("\r\n\r\n"), "\(head)")
      }
      let page = try await text("/")
      #expect(page.hasPrefix("<!doctype html>"))
      for name in ["dashboard/app.js", "dashboard/style.css"] {
        #expect(page.contains("\"\(name)\""))
        #expect(try await !text("/" + name).isEmpty)
      }
      // Nothing of it comes from elsewhere, and nothing from the API becomes markup.
      let script = try await text("/dashboard/app.js")
      for whole in [page, script.replacing("http://www.w3.org/2000/svg", with: "")] {
        #expect(!whole.contains("http://") && !whole.contains("https://"))
      }
      for dangerous in ["innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval("] {
        #expect(!script.contains(dangerous), "\(dangerous)")
      }
    }
  }
}

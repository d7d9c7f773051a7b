import HTTPTypes
import Hummingbird
import Logging
import ServiceLifecycle
import Synchronization

/// A server that takes what webhooks post to it.
final class WebhookReceiver: Sendable {
  struct Post: Sendable {
    let signature: String
    let body: [UInt8]
  }

  private struct State: Sendable {
    var status = 200
    var posts: [Post] = []
  }
  private let state = Mutex(State())
  let url: String

  private init(port: Int) { url = "http://127.0.0.1:\(port)/hook" }

  /// What came so far, refused ones included.
  var taken: [Post] { state.withLock { $0.posts } }

  func answer(with status: Int) { state.withLock { $0.status = status } }

  static func run(_ body: (WebhookReceiver) async throws -> Void) async throws {
    let box = Mutex<WebhookReceiver?>(nil)
    let router = Router()
    router.post("hook") { request, _ in
      let bytes = Array(buffer: try await request.body.collect(upTo: 1 << 20))
      let signature = request.headers.first { $0.name.canonicalName == "ar1-signature" }?.value ?? ""
      guard let receiver = box.withLock({ $0 }) else { return Response(status: .serviceUnavailable) }
      return receiver.state.withLock { state in
        state.posts.append(Post(signature: signature, body: bytes))
        return Response(status: .init(code: state.status))
      }
    }
    let ports = AsyncStream.makeStream(of: Int.self)
    let application = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { ports.continuation.yield($0.localAddress?.port ?? 0) }, logger: TestQueue.quiet)
    let group = ServiceGroup(configuration: .init(services: [application], logger: TestQueue.quiet))
    let running = Task { try await group.run() }
    for await port in ports.stream {
      let receiver = WebhookReceiver(port: port)
      box.withLock { $0 = receiver }
      let result: Result<Void, any Error>
      do { result = .success(try await body(receiver)) } catch { result = .failure(error) }
      await group.triggerGracefulShutdown()
      _ = await running.result
      return try result.get()
    }
  }
}

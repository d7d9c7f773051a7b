import Hummingbird
import JobModel

/// A request under a lease, which the path names the task of.
protocol LeasedRequest: Decodable, SendableMetatype {
  var lease: Lease { get }
}

extension AppendLogsRequest: LeasedRequest {}
extension AnnounceVersionRequest: LeasedRequest {}
extension CommittedGroupsRequest: LeasedRequest {}
extension CompleteRequest: LeasedRequest {}
extension FailRequest: LeasedRequest {}
extension OpenRolloutsRequest: LeasedRequest {}
extension RecordStepRequest: LeasedRequest {}
extension RunStateRequest: LeasedRequest {}

extension LeasedRequest {
  func check(against context: APIContext) throws {
    guard try context.number("task") == lease.task else {
      throw Refusal.badRequest("the path names another task than the body, \(lease.task)")
    }
  }
}

extension RouterGroup<APIContext> {
  /// What a worker does under a lease: "tasks/:task/" and `name`.
  ///
  /// - Parameters:
  ///   - limit: bytes of the body.
  ///   - perform: gives the answer; every write in it checks the lease.
  func leased<Body: LeasedRequest, Reply: Encodable & SendableMetatype>(
    _ name: String, limit: Int = JSONBody.standardLimit,
    _ perform: @escaping @Sendable (Body) async throws -> Reply
  ) {
    post(RouterPath("tasks/:task/\(name)")) { request, context in
      _ = try context.worker()
      let body: Body = try await JSONBody.read(from: request, limit: limit)
      try body.check(against: context)
      return try JSONBody.response(try await perform(body))
    }
  }
}

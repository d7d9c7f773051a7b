public import JobModel
internal import OrderedJSON
public import WorkerRuntime

/// Samples the groups a learner has asked for, with the policy version it names.
public struct RolloutGroupExecutor: WorkerRuntime.TaskExecutor {
  private let host: PolicyHost

  public init(host: PolicyHost) {
    self.host = host
  }

  public var jobKinds: [JobKind] { [.train] }
  public var kinds: [TaskKind] { [.rolloutGroup] }
  public var loadedCheckpoints: [String] { host.loadedCheckpoints }
  public func letGo(ofDevice device: Int) async { await host.letGo(ofDevice: device) }

  public func run(_ task: ClaimedTask, context: TaskContext) async throws -> TaskOutcome {
    guard case .train(let settings) = task.spec.settings else {
      throw TaskError(.userError, "a rollout task of a job that is none")
    }
    let order = try RolloutOrder(task.payload)
    // How far the answers are, so that one who stands still is told from one who is slow (`stall_after`).
    let groups = try await host.groups(
      settings, order, for: context,
      drawn: {
        context.progress(
          TaskProgress(done: Double($0), total: Double(settings.maxNewTokens), unit: "tokens"))
      })
    try context.checkCancellation()
    let answers = groups.reduce(0) { $0 + $1.completions.count }
    let mean = groups.flatMap(\.completions).reduce(0) { $0 + $1.reward } / Double(max(1, answers))
    return TaskOutcome(
      result: .object([.init("answers", .integer(answers)), .init("reward_mean", .number(mean))]),
      groups: groups)
  }
}

/// What a learner asks a rollout worker for: the payload of a rollout task.
struct RolloutOrder: Equatable {
  let ordinals: Range<Int>
  let version: Int
  /// The checkpoint to sample from and its announced hash; nil for version 0, the model the run starts from.
  let policy: (path: String, sha256: String)?

  static func == (a: RolloutOrder, b: RolloutOrder) -> Bool {
    a.ordinals == b.ordinals && a.version == b.version && a.policy?.path == b.policy?.path
      && a.policy?.sha256 == b.policy?.sha256
  }

  init(ordinals: Range<Int>, version: Int, policy: (path: String, sha256: String)?) {
    self.ordinals = ordinals
    self.version = version
    self.policy = policy
  }

  var payload: JSON {
    .object([
      .init("from", .integer(ordinals.lowerBound)), .init("to", .integer(ordinals.upperBound)),
      .init("version", .integer(version)),
      .init(
        "policy",
        policy.map { .object([.init("path", .string($0.path)), .init("sha256", .string($0.sha256))]) }
          ?? .null),
    ])
  }

  init(_ payload: JSON) throws {
    guard let from = payload["from"]?.int, let to = payload["to"]?.int, let version = payload["version"]?.int,
      from >= 0, from < to
    else {
      throw TaskError(
        .userError, "the rollout's payload \(payload.serialized()) is not one this version wrote")
    }
    ordinals = from..<to
    self.version = version
    if let path = payload["policy"]?["path"]?.string, let sha256 = payload["policy"]?["sha256"]?.string {
      policy = (path, sha256)
    } else {
      policy = nil
    }
  }
}

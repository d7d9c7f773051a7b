import CoordinatorClient
import FoundationEssentials
import Inspection
import JobModel
import OrderedJSON

/// The four jobs of the demonstration, one after the other, through the queue.
struct DemoRun: Sendable {
  static let defaultSteps = 100

  let root: String
  let model: String
  let seed: Int
  let steps: Int
  /// Of its own for each task that computes.
  let gpus: Int
  /// On the folder.
  let lock: SystemLock

  /// Where the private PostgreSQL is asked to lie.
  static func database(under root: String) -> String { LocalCluster.database(under: root + "/cluster") }

  func perform() async throws {
    let clock = ContinuousClock()
    let start = clock.now
    var seconds = DemoSummary.Seconds()

    say("1/5", "drawing pictures of \(SyntheticProduct.demonstration.count) products, good and defective")
    var contents: SyntheticDataset.Contents?
    seconds.data = try clock.measure {
      contents = try SyntheticDataset(seed: UInt64(seed)).write(to: root + "/data")
    }.inSeconds
    guard let contents else { return }
    note("\(contents.questions.training) questions to learn from, \(contents.questions.heldOut) held out")

    let cluster = try await LocalCluster.start(
      folder: root + "/cluster", lock: lock, listen: "127.0.0.1:0", workers: UpCommand.plans(1),
      saying: { note($0) })
    do {
      try ConnectionFile(url: cluster.url, token: cluster.token, workerToken: cluster.workerToken)
        .write(under: root)
      try lock.note(url: cluster.url)
      var summary = try await jobs(cluster, contents, &seconds, clock)
      try? lock.noteStopping()
      await cluster.stop()
      seconds.total = start.duration(to: clock.now).inSeconds
      summary.seconds = seconds
      try summary.write(to: root + "/summary.json")
      Terminal.write(DemoReport(summary: summary, root: root).text)
    } catch {
      note("stopping the processes")
      try? lock.noteStopping()
      await cluster.stop()
      throw error
    }
    ConnectionFile.remove(under: root)
  }

  private func jobs(
    _ cluster: LocalCluster, _ contents: SyntheticDataset.Contents, _ seconds: inout DemoSummary.Seconds,
    _ clock: ContinuousClock
  ) async throws -> DemoSummary {
    let client = cluster.client
    var summary = DemoSummary(seed: seed, steps: steps)
    summary.processes = await cluster.processes

    say("2/5", "evaluating the base model on the held-out pictures")
    var detail: JobDetail?
    seconds.baseEvaluation = try await clock.measure {
      detail = try await run(client, evaluation(of: model, data: contents.heldOut, name: "before"))
    }.inSeconds
    summary.before = try Evaluated(detail)

    say("3/5", "training it by GRPO with the ROAM reward")
    seconds.training = try await clock.measure {
      detail = try await run(client, training(data: contents.training))
    }.inSeconds
    summary.rewards = detail?.steps.compactMap { $0.metrics["reward/mean"] } ?? []

    say("4/5", "evaluating the trained model on the held-out pictures")
    let trained = root + "/train/model"
    seconds.evaluation = try await clock.measure {
      detail = try await run(client, evaluation(of: trained, data: contents.heldOut, name: "after"))
    }.inSeconds
    summary.after = try Evaluated(detail)

    say("5/5", "scoring the pictures of the inbox")
    seconds.scoring = try await clock.measure {
      detail = try await run(client, scoring(trained, contents))
    }.inSeconds
    summary.images = detail?.tasks.last { $0.kind == .report }?.result?["images"]?.int ?? 0
    summary.secondsOfShards = Self.shardSeconds(detail)
    return summary
  }

  /// Submits a job and follows it to its end.
  private func run(_ client: CoordinatorClient, _ settings: [JSON.Member]) async throws -> JobDetail {
    let resources = JSON.Member("resources", ["gpu": .integer(gpus)])
    let spec = try JobSpec(.object(gpus > 0 ? settings + [resources] : settings))
    let record = try await client.submit(SubmitRequest(spec: spec))
    let end = try await JobWatch(client: client, job: record.id).untilEnd(showing: ProgressLine())
    note(JobWatch.summary(end).split(separator: "\n").first.map(String.init) ?? "")
    guard end.state == .succeeded else { throw JobWatch.exitCode(for: end.state) }
    return try await client.job(record.id)
  }

  // MARK: Jobs

  private func evaluation(of model: String, data: String, name: String) -> [JSON.Member] {
    [
      .init("kind", "eval"), .init("name", .string("demo \(name)")), .init("model", .string(model)),
      .init("data", .string(data)), .init("output", .string("\(root)/eval-\(name)")), .init("references", 0),
      .init("max_new_tokens", 48), .init("shard_size", 512), .init("seed", .integer(seed)),
    ]
  }

  private func training(data: String) -> [JSON.Member] {
    [
      .init("kind", "train"), .init("name", "demo GRPO"), .init("model", .string(model)),
      .init("data", .string(data)), .init("output", .string(root + "/train")), .init("reward", "roam"),
      .init("references", 0),
      .init("question_types", ["Anomaly Detection"]), .init("steps", .integer(steps)),
      .init("prompts_per_step", 16), .init("prompts_per_task", 16), .init("group_size", 8),
      .init("max_new_tokens", 48), .init("learning_rate", 0.0005),
      .init("warmup_steps", .integer(min(5, steps))),
      // A strong pull to the base keeps both answers alive until the policy has learnt what tells them apart.
      .init("beta", 0.8),
      .init("trained_part", "language"), .init("save_every", 50), .init("seed", .integer(seed)),
    ]
  }

  private func scoring(_ model: String, _ contents: SyntheticDataset.Contents) -> [JSON.Member] {
    [
      .init("kind", "score"), .init("name", "demo inbox"), .init("model", .string(model)),
      .init("images", .string(contents.inbox)), .init("output", .string(root + "/scores")),
      .init("max_new_tokens", 64), .init("shard_size", 64), .init("seed", .integer(seed)),
    ]
  }

  /// How long its shards kept workers busy; starting a job and joining its results is not scoring.
  private static func shardSeconds(_ detail: JobDetail?) -> Double {
    let shards = detail?.tasks.filter { $0.kind == .shard } ?? []
    return shards.reduce(0) { $0 + max(0, ($1.finishedAt ?? 0) - ($1.startedAt ?? 0)) }
  }

  private func say(_ part: String, _ text: String) { Terminal.write(Style.bold("\(part)  \(text)") + "\n") }
  private func note(_ text: String) { Terminal.write("     \(text)\n") }
}

extension Duration {
  fileprivate var inSeconds: Double { self / .seconds(1) }
}

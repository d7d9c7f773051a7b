import ArgumentParser
import JobModel
import JobStore
import OrderedJSON
import PostgresClient

/// Brings an empty database to the queue's schema.
struct Prepare: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Bring a database to the queue's schema.")
  @Option(help: "A libpq connection string.") var database: String

  func run() async throws {
    let pool = ConnectionPool(address: PostgresAddress(database), size: 1)
    let applied = try await JobStore(pool: pool).migrate()
    await pool.close()
    report(["migrations": .integer(applied.count)])
  }
}

/// Jobs and tasks for a load to work on.
enum Workload {
  static func spec(_ kind: String = "score") throws -> JobSpec {
    var members: [JSON.Member] = [
      .init("kind", .string(kind)), .init("model", "/models/m"), .init("output", "/results/o"),
    ]
    members.append(kind == "score" ? .init("images", "/images") : .init("data", "/data"))
    return try JobSpec(.object(members))
  }

  /// A job whose plan has just been made: so many tasks are ready, or, made lazily, will be as workers come.
  static func fill(_ queue: any MeasuredQueue, tasks: Int, lazily: Bool = false) async throws -> JobID {
    let job = try await queue.submit(try spec())
    let session = try await queue.register(slots: 1)
    let plan = try await queue.claim(session, [.plan], limit: 1, wait: 10)
    guard plan.count == 1 else { throw ValidationError("the job's plan cannot be claimed") }
    var completion = CompleteRequest(lease: plan[0].lease)
    if lazily {
      completion.range = NewRange(stage: 1, items: 0..<tasks, size: 1)
    } else {
      completion.spawn = (0..<tasks).map { index in
        NewTask(kind: .shard, stage: 1, payload: ["index": .integer(index)])
      }
    }
    guard try await queue.complete([completion]) == 1 else {
      throw ValidationError("the job's plan was not accepted")
    }
    return job
  }
}

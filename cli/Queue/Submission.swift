import ArgumentParser
import CoordinatorClient
import FoundationEssentials
import JobModel
import OrderedJSON
import TaskExecutors

/// What every way of submitting a job has in common.
struct SubmissionOptions: ParsableArguments {
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  @Option(help: "A name to know the job by.")
  var name: String?

  @Option(parsing: .unconditional, help: "Higher goes first, -100 to 100; 0 is normal.")
  var priority: Int?

  @Option(help: "How often a task may fail before the job fails; interruptions do not count.")
  var maxAttempts: Int?

  @Option(help: "GPUs of its own for each task that computes.")
  var gpu: Int?

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Any setting as in a job file, such as deadline=8h or resources.cores=4; one without a value is left out, relative paths are taken as the job's own. May be repeated.",
      valueName: "key=value"))
  var changes: [String] = []

  @Flag(help: "Follow the job to its end; the exit code is that of 'ar1 wait'.")
  var wait = false

  @Flag(
    help: "Check the job and say what it will take; a training that cannot fit exits with 1. Submits nothing."
  )
  var dryRun = false

  @Option(help: "With --dry-run: GiB of memory of the machine the job is meant for (this one's).")
  var memory: Double?

  @Flag(help: "Print the job as one JSON document.")
  var json = false

  func validate() throws {
    if let memory, !(memory > 0 && memory < 1e6) {
      throw ValidationError("--memory is a number of GiB above 0")
    }
    for change in changes { _ = try SettingChange(parsing: change) }
  }

  /// Checks and submits a job.
  /// - Parameters:
  ///   - tree: its keys and values; options given on the command line go before the tree's own.
  ///   - folder: from where relative paths are taken.
  func submit(_ tree: JSON, relativeTo folder: String) async throws {
    let spec = try specification(tree, relativeTo: folder)
    warn(about: spec)
    if dryRun { return try DryRun.run([dry(spec)], json: json) }
    let client = try connection.client()
    try await report(
      client.submit(SubmitRequest(spec: spec, idempotencyKey: UUID().uuidString)), client)
  }

  /// Checks and submits the jobs of a file, which may wait for each other by their names.
  func submit(_ jobs: [JSON], relativeTo folder: String) async throws {
    if jobs.count > 1 {
      try refuse(["after", "unique", "output"], "of one job, and this file has \(jobs.count)")
    }
    // All are checked before the first is submitted.
    let plan = try JobChain(jobs)
    let specs = try jobs.indices.map { try specification($0, of: plan, numbers: [:], relativeTo: folder) }
    for spec in specs { warn(about: spec) }
    if dryRun {
      return try DryRun.run(specs.indices.map { dry(specs[$0], isFirst: !plan.waits($0)) }, json: json)
    }
    let client = try connection.client()
    var records: [JobRecord] = []
    for position in jobs.indices {
      let numbers = Dictionary(zip(plan.names, records.map(\.id)), uniquingKeysWith: { $1 })
      let spec = try specification(position, of: plan, numbers: numbers, relativeTo: folder)
      do {
        records.append(
          try await client.submit(SubmitRequest(spec: spec, idempotencyKey: UUID().uuidString)))
      } catch let error as CoordinatorError {
        throw CommandError("\(plan.title(position)): \(error)\(Self.submittedBefore(records))")
      }
    }
    if wait, let last = records.last {
      try await report(last, client)
    } else if json {
      try JSONOutput.print(JobList(jobs: records))
    } else {
      for record in records { try await report(record, client) }
    }
  }

  /// What stands already of a file whose next job is refused; whoever submits the file again has it twice.
  private static func submittedBefore(_ records: [JobRecord]) -> String {
    if records.isEmpty { return "" }
    let numbers = records.map { "\($0.id)" }.joined(separator: ", ")
    let takeBack = records.map { "ar1 cancel \($0.id)" }.joined(separator: "; ")
    return "\nwhat comes before it in the file is submitted: job \(numbers); to take it back: \(takeBack)"
  }

  /// - Throws: `ValidationError` where --set gives one of these settings.
  func refuse(_ settings: Set<String>, _ reason: String) throws {
    for change in changes {
      let key = try SettingChange(parsing: change).path[0]
      if settings.contains(key) { throw ValidationError("--set \(key): this is a setting \(reason)") }
    }
  }

  private func warn(about spec: JobSpec) {
    if let warning = EarlierResults.warning(about: spec) { Terminal.writeError("warning: \(warning)\n") }
  }

  private func dry(_ spec: JobSpec, isFirst: Bool = true) -> DryRun {
    let machine = memory.map { Int($0 * Double(1 << 30)) } ?? TrainingForecast.Machine.thisMachine.memory
    return DryRun(spec: spec, memory: machine, isFirst: isFirst && spec.after.isEmpty)
  }

  @inline(never)  // Swift 6.3 crashes where it splits the asynchronous functions that this would be part of.
  private func specification(_ tree: JSON, relativeTo folder: String) throws -> JobSpec {
    try JobSpec(applied(to: tree), relativeTo: folder)
  }

  /// - Throws: what is wrong with the job, and which one of the file it is.
  @inline(never)  // For the same reason.
  private func specification(
    _ position: Int, of plan: JobChain, numbers: [String: JobID], relativeTo folder: String
  ) throws -> JobSpec {
    do {
      return try specification(plan.tree(position, numbers: numbers), relativeTo: folder)
    } catch let error as JobSpecError {
      throw JobChain.Problem(description: "\(plan.title(position)): \(error)")
    }
  }

  /// A job's tree with what the command line says in the place of its own, the options with names of their own last.
  func applied(to tree: JSON) throws -> JSON {
    // What is no job is refused by whoever reads it.
    if tree.members == nil { return tree }
    var all: [SettingChange] = []
    for change in changes { all.append(try SettingChange(parsing: change)) }
    if let name { all.append(SettingChange("name", to: .string(name))) }
    if let priority { all.append(SettingChange("priority", to: .integer(priority))) }
    if let maxAttempts { all.append(SettingChange("max_attempts", to: .integer(maxAttempts))) }
    if let gpu { all.append(SettingChange("resources", "gpu", to: .integer(gpu))) }
    var changed = tree
    for change in all { changed = change.applied(to: changed) }
    return changed
  }

  private func report(_ record: JobRecord, _ client: CoordinatorClient) async throws {
    if wait {
      do {
        return try await follow(record.id, client)
      } catch let error as CoordinatorError {
        Terminal.writeError(
          "Error: \(error)\nthe job is submitted; wait for it again with: ar1 wait \(record.id)\n")
        throw JobWatch.notAsked
      }
    }
    if json { return try JSONOutput.print(record) }
    Terminal.write("job \(record.id) submitted: \(record.spec.kind.rawValue), \(record.spec.name)\n")
    if Terminal.outputIsTerminal {
      Terminal.write(
        Style.faint("Look at it: ar1 show \(record.id)   Its log: ar1 logs -f \(record.id)") + "\n")
    }
  }

  private func follow(_ job: JobID, _ client: CoordinatorClient) async throws {
    let record = try await JobWatch(client: client, job: job).untilEnd(showing: ProgressLine())
    if json { try JSONOutput.print(record) } else { Terminal.write(JobWatch.summary(record)) }
    if record.state != .succeeded { throw JobWatch.exitCode(for: record.state) }
    try await JobOutcome.conclude(record, client: client, isQuiet: json)
  }

  /// Submits a job made of flags; relative paths are taken from the current folder.
  func submit(kind: JobKind, _ flags: [(key: String, value: JSON?)]) async throws {
    var members = [JSON.Member("kind", .string(kind.rawValue))]
    for (key, value) in flags {
      if let value { members.append(JSON.Member(key, value)) }
    }
    try await submit(.object(members), relativeTo: FileManager.default.currentDirectoryPath)
  }
}

extension JSON {
  static func text(_ value: String?) -> JSON? { value.map(JSON.string) }
  static func whole(_ value: Int?) -> JSON? { value.map(JSON.integer) }
  static func real(_ value: Double?) -> JSON? { value.map(JSON.number) }
  /// "a, b" as a list.
  static func list(_ value: String?) -> JSON? {
    value.map { text in
      .array(
        text.split(separator: ",").map { part in
          .string(String(part.drop { $0 == " " }))
        })
    }
  }
}

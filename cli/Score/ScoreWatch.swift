import CoordinatorClient
import FoundationEssentials
import Images
import Inspection
import JobModel
import OrderedJSON
import TaskExecutors

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// Scores what appears in a folder, a job at a time, into one growing set of results.
struct ScoreWatch {
  /// More files than this wait for the next job, so that the first results come soon.
  private static let largestJob = 10_000

  let folder: String
  let output: String
  let interval: Double
  let client: CoordinatorClient
  let settings: [(key: String, value: JSON?)]
  /// Adds to a job what every way of submitting one has in common.
  let completing: (JSON) throws -> JSON

  /// A file as it was seen: one that still grows changes between two looks.
  private struct State: Equatable {
    let size, seconds, nanoseconds: Int
  }

  func untilInterrupted() async throws {
    var isFolder = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder else {
      throw CommandError("--watch looks into a folder, and \(folder) is none on this machine")
    }
    // What every job will be refused for, it is refused for at once.
    _ = try specification(of: output + "/watch/first.csv")
    // The results may hold pictures of other folders under the same names.
    let scored = (try? ScoreFolder(path: output).read())?.rows.compactMap(\.file) ?? []
    var done = Set(
      scored.filter { $0.hasPrefix(folder + "/") }.map { Array($0.utf8.dropFirst(folder.utf8.count + 1)) })
    var seen: [String: State] = [:]
    /// Files whose job was not seen to end yet. Where the answer to a submission is lost, the same one is sent again, and
    /// makes no second job.
    var begun: (submission: SubmitRequest, job: JobID?, names: [String])?
    /// Why the folder could not be looked into.
    var trouble: String?
    Terminal.write("watching \(folder), \(Format.count(done.count)) images are scored; end with Ctrl-C\n")
    while true {
      let listed: [String]
      do {
        listed = try ImageFolder.list(folder, without: results)
        trouble = nil
      } catch {
        // A share may be away for a while.
        if trouble != "\(error)" { Terminal.writeError("\(error); looking again\n") }
        trouble = "\(error)"
        try await Task.sleep(for: .seconds(interval))
        continue
      }
      let names = listed.filter { !done.contains(Array($0.utf8)) }
      var states: [String: State] = [:]
      for name in names { states[name] = Self.state(folder + "/" + name) }
      let settled = names.filter { states[$0] != nil && seen[$0] == states[$0] }.prefix(Self.largestJob)
      seen = states
      do {
        if begun == nil, !settled.isEmpty {
          begun = (try submission(of: Array(settled)), nil, Array(settled))
        }
        if let (submission, known, names) = begun {
          let job = if let known { known } else { try await client.submit(submission).id }
          begun?.job = job
          try await follow(job, of: names.count)
          begun = nil
          done.formUnion(names.map { Array($0.utf8) })
          for name in names { seen[name] = nil }
          continue
        }
      } catch let error as CoordinatorError where error.kind == .unreachable || error.kind == .unavailable {
        // A watch outlives its coordinator, and then waits for the job that it had submitted.
        Terminal.writeError("\(error.message); trying again\n")
      }
      try await Task.sleep(for: .seconds(interval))
    }
  }

  private static func state(_ path: String) -> State? {
    var status = stat()
    guard stat(FileName.onDisk(path), &status) == 0 else { return nil }
    return State(
      size: Int(status.st_size), seconds: Int(status.st_mtim.tv_sec),
      nanoseconds: Int(status.st_mtim.tv_nsec))
  }

  private var results: [String] {
    ScoreFolder(path: output).written + settings.compactMap { $0.key == "cache" ? $0.value?.string : nil }
  }

  /// Asks for one job for these files.
  private func submission(of names: [String]) throws -> SubmitRequest {
    let list = output + "/watch/" + "\(Int(Date().timeIntervalSince1970 * 1000)).csv"
    try FileManager.default.createDirectory(atPath: output + "/watch", withIntermediateDirectories: true)
    let lines =
      [CommaSeparated.line(["path", "name"])] + names.map { CommaSeparated.line([folder + "/" + $0, $0]) }
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: list))
    return SubmitRequest(spec: try specification(of: list), idempotencyKey: UUID().uuidString)
  }

  private func specification(of list: String) throws -> JobSpec {
    var members = [
      JSON.Member("kind", "score"), .init("images", .string(list)), .init("append", true),
    ]
    for (key, value) in settings {
      if let value { members.append(.init(key, value)) }
    }
    members.append(.init("name", .string("watch \(folder.suffix(80))")))
    return try JobSpec(
      completing(.object(members)), relativeTo: FileManager.default.currentDirectoryPath)
  }

  private func follow(_ job: JobID, of count: Int) async throws {
    let end = try await JobWatch(client: client, job: job).untilEnd(showing: ProgressLine())
    guard end.state == .succeeded else {
      Terminal.write(JobWatch.summary(end))
      throw JobWatch.exitCode(for: end.state)
    }
    guard let outcome = ScoreOutcome(try await client.job(job)) else { return }
    Terminal.write(
      "\(Format.time(Date().timeIntervalSince1970))  \(Format.count(count)) new images: "
        + "\(Format.count(outcome.count("defective"))) defective, \(Format.count(outcome.count("failed"))) failed   "
        + Style.faint("\(output)/report.html") + "\n")
  }
}

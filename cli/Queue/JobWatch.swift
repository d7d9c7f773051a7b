import ArgumentParser
import CoordinatorClient
import JobModel

/// Follows a job to its end with a live line.
struct JobWatch {
  let client: CoordinatorClient
  let job: JobID

  /// - Parameters:
  ///   - line: where progress is shown; nil shows none.
  ///   - timeout: nil waits without end.
  /// - Returns: the job as it is at its end, or at the timeout.
  func untilEnd(showing line: ProgressLine?, timeout: Double? = nil) async throws -> JobRecord {
    let start = ContinuousClock.now
    var first: (time: ContinuousClock.Instant, done: Double)?
    while true {
      var wait = 1.0
      if let timeout {
        wait = min(wait, max(0, timeout - (ContinuousClock.now - start) / .seconds(1)))
      }
      let record = try await client.wait(for: job, upTo: wait)
      var rate: Double?
      if let done = record.progress?.done {
        if let first, done > first.done {
          rate = (done - first.done) / ((ContinuousClock.now - first.time) / .seconds(1))
        } else if first == nil || done < (first?.done ?? 0) {
          first = (.now, done)
        }
      }
      line?.show(JobText.live(record, rate: rate))
      if record.state.isFinal || (timeout.map { ContinuousClock.now - start >= .seconds($0) } ?? false) {
        line?.clear()
        return record
      }
    }
  }

  /// What a script gets where the coordinator could not be asked how a job stands.
  static let notAsked = ExitCode(3)

  /// What a script gets for the state of a job it waited for.
  static func exitCode(for state: JobState) -> ExitCode {
    switch state {
    case .succeeded: .success
    case .failed: ExitCode(1)
    case .cancelled: ExitCode(2)
    case .queued, .running: ExitCode(4)
    }
  }

  /// One or two lines that say how a job ended and what to look at.
  static func summary(_ record: JobRecord) -> String {
    let name = "job \(record.id) (\(ShownText.of(record.spec.name)))"
    var text = "\(name) \(JobText.style(record.state)(record.state.rawValue))"
    if let started = record.startedAt, let finished = record.finishedAt {
      text += " after \(Format.duration(finished - started))"
    }
    if let failure = record.failure {
      text += ": \(ShownText.of(failure.message))\nIts log: ar1 logs \(record.id)"
      if record.state == .failed { text += "   Another try: ar1 retry \(record.id)" }
    }
    return text + "\n"
  }
}

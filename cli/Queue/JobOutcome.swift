import ArgumentParser
import CoordinatorClient
import JobModel

/// What a job that has succeeded found, for whoever waited for it.
enum JobOutcome {
  /// Says what a scoring or an evaluation found; other jobs have nothing to add.
  /// - Throws: exit code 5 where more images of a scoring failed than it allows.
  static func conclude(_ record: JobRecord, client: CoordinatorClient, isQuiet: Bool) async throws {
    switch record.spec.kind {
    case .score:
      guard let outcome = ScoreOutcome(try await client.job(record.id)) else { return }
      if !isQuiet { Terminal.write(outcome.text) }
      if !outcome.isWithinBudget { throw ExitCode(5) }
    case .eval:
      guard !isQuiet, let outcome = EvaluationOutcome(try await client.job(record.id)) else { return }
      Terminal.write(outcome.text)
    case .train, .rollout: return
    }
  }
}

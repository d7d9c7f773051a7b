import CoordinatorClient
import Testing

/// Expects that a call is refused for this reason, and gives the refusal.
@discardableResult
func refused(
  _ kind: CoordinatorError.Kind, sourceLocation: SourceLocation = #_sourceLocation,
  _ call: () async throws -> Void
) async -> CoordinatorError? {
  do {
    try await call()
    Issue.record("expected a refusal (\(kind)), but the call succeeded", sourceLocation: sourceLocation)
  } catch let error as CoordinatorError {
    #expect(error.kind == kind, "\(error)", sourceLocation: sourceLocation)
    return error
  } catch {
    Issue.record("expected a refusal (\(kind)), found \(error)", sourceLocation: sourceLocation)
  }
  return nil
}

/// Waits until a condition holds; half a minute without it is a failure.
func eventually(
  sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws {
  let end = ContinuousClock.now + .seconds(30)
  while try await !condition() {
    if ContinuousClock.now > end {
      Issue.record("the condition never came to hold", sourceLocation: sourceLocation)
      throw CancellationError()
    }
    try await Task.sleep(for: .milliseconds(10))
  }
}

/// Which places of a run's prompt stream belong to which step, and how far ahead of the learner they may be answered.
///
/// Steps take B = `prompts_per_step` places each, one step after the other. Behind those of all steps lie the places of
/// further prompts, B for each of a step's `resample` rounds: what a step asks for in place of groups that teach nothing
/// depends on no other step.
public struct RolloutPlan: Sendable, Equatable {
  public let steps: Int
  public let promptsPerStep: Int
  /// Rounds of further prompts a step may ask for.
  public let rounds: Int
  /// Versions a policy may be old when its answers are learnt from (η).
  public let staleness: Int

  public init(steps: Int, promptsPerStep: Int, rounds: Int = 0, staleness: Int = 0) {
    self.steps = steps
    self.promptsPerStep = promptsPerStep
    self.rounds = rounds
    self.staleness = staleness
  }

  public init(_ settings: TrainSettings) {
    self.init(
      steps: settings.steps, promptsPerStep: settings.promptsPerStep, rounds: settings.resample,
      staleness: settings.staleness)
  }

  /// The places of a step; steps count from 1.
  public func places(of step: Int) -> Range<Int> {
    (step - 1) * promptsPerStep..<step * promptsPerStep
  }

  /// The places of a step's further prompts; rounds count from 1.
  public func furtherPlaces(of step: Int, round: Int) -> Range<Int> {
    let start = (steps + (step - 1) * rounds + round - 1) * promptsPerStep
    return start..<start + promptsPerStep
  }

  /// The step a place belongs to; nil where it belongs to none.
  public func step(of place: Int) -> Int? {
    guard place >= 0, promptsPerStep > 0 else { return nil }
    let block = place / promptsPerStep
    if block < steps { return block + 1 }
    guard rounds > 0, (block - steps) / rounds < steps else { return nil }
    return (block - steps) / rounds + 1
  }

  /// Whether a policy version may answer the prompt of a place: its step is then at most η versions later, so that no
  /// more than (η + 1) steps' groups are under way. The step after version v is v + 1.
  public func admits(place: Int, version: Int) -> Bool {
    step(of: place).map { $0 <= version + 1 + staleness } ?? false
  }

  /// The oldest version whose answers the step after `version` may learn from.
  public func oldestVersion(at version: Int) -> Int { version - staleness }
}

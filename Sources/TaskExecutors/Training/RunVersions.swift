internal import Checkpoints
internal import JobModel
internal import PostTraining
internal import Tensors
internal import WorkerRuntime

/// The versions a run publishes, and which of them may go.
struct RunVersions {
  private let settings: TrainSettings
  private let run: JobID
  private let epoch: Epoch
  /// Where they lie.
  let folder: CheckpointFolder
  private var chain: CheckpointChain
  private var states: Set<Int> = []
  private var last: Int?
  private var lastIsState = false

  init(_ settings: TrainSettings, run: JobID, epoch: Epoch) {
    self.settings = settings
    self.run = run
    self.epoch = epoch
    folder = CheckpointFolder(path: "\(settings.output)/checkpoints/run-\(run)")
    chain = CheckpointChain(folder: folder)
    // What a learner that died was writing; this lease's epoch is later than all of theirs.
    folder.removeDrafts(before: Int(epoch))
  }

  /// A full state this run may go back to.
  mutating func noteState(_ step: Int) { states.insert(step) }

  /// Publishes the weights after `step`, with the moments where it is a state.
  mutating func publish(
    _ learner: any PolicyLearner, step: Int, asState: Bool
  ) throws -> PolicyVersion {
    let weights = learner.policyTensors()
    let published: PublishedCheckpoint
    do {
      published = try chain.publish(
        weights, moments: asState ? moments(of: learner) : [], step: step,
        epoch: Int(epoch),
        origin: origin, beforeAppearing: { CommitPoint.drafted.pass(step: step) })
    } catch {
      throw TaskError(.transient, "the checkpoint of step \(step) cannot be published: \(error)")
    }
    defer { (last, lastIsState) = (step, asState) }
    let isFull = published.manifest.base == nil
    return PolicyVersion(
      number: step, path: published.folder, sha256: published.manifestSHA256,
      kind: isFull ? .full : .difference, parent: isFull ? nil : last)
  }

  /// Puts a state that was damaged in its place again, once a replay has come to its step: what builds on it can be read
  /// then, and workers may have been told to.
  ///
  /// - Returns: whether the replay gave the same bytes.
  func mend(_ version: PolicyVersion, from learner: any PolicyLearner) throws -> Bool {
    guard let name = version.path.split(separator: "/").last.flatMap({ CheckpointName(String($0)) }),
      version.path == folder.path(of: name)
    else { return false }
    do {
      return try folder.replace(
        name, manifestSHA256: version.sha256, with: learner.policyTensors() + moments(of: learner),
        origin: origin)
    } catch {
      throw TaskError(
        .transient, "the full state of step \(version.number) cannot be written again: \(error)")
    }
  }

  private func moments(of learner: any PolicyLearner) -> [(name: String, tensor: Tensor)] {
    let weights = Set(learner.policyTensors().map(\.name))
    return learner.stateTensors.filter { !weights.contains($0.name) }
  }

  private var origin: [String: String] {
    var origin = [
      "run": String(run), "model": settings.model, "seed": String(settings.seed),
      "method": settings.method.rawValue, "reward": settings.reward.description,
      "dtype": settings.dtype.rawValue,
    ]
    if settings.trainedPart == .lora {
      let adapter = settings.lora ?? AdapterSettings()
      // What an export needs to put the matrices back on the model.
      origin["lora_rank"] = String(adapter.rank)
      origin["lora_alpha"] = String(adapter.alpha)
      origin["lora_targets"] = adapter.targets.map(\.rawValue).joined(separator: ",")
    }
    return origin
  }

  /// Removes what nothing needs once `version` is announced: rollouts hold the newest version or, while they are asked
  /// for ahead, older ones; a resuming learner needs a state, and two are kept; forks need the state they begin from.
  ///
  /// - Parameter forkedSteps: nil where it is not known what forks need: then nothing is removed.
  mutating func clean(after version: PolicyVersion, keeping best: Int?, forkedSteps: [Int]?) {
    if lastIsState, last == version.number { states.insert(version.number) }
    guard let forkedSteps else { return }
    var kept = Set(states.sorted().suffix(2)).union(forkedSteps)
    if let best { kept.insert(best) }
    let oldest = version.number - settings.staleness
    folder.removeCheckpoints(.policy, below: oldest, keeping: kept)
    folder.removeCheckpoints(.state, below: oldest, keeping: kept)
  }
}

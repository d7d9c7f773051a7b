internal import Checkpoints
internal import JobModel
internal import PostTraining
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
    let names = Set(weights.map(\.name))
    let published: PublishedCheckpoint
    do {
      published = try chain.publish(
        weights, moments: asState ? learner.stateTensors.filter { !names.contains($0.name) } : [], step: step,
        epoch: Int(epoch),
        origin: origin, beforeAppearing: { CommitPoint.drafted.pass(step: step) })
    } catch {
      throw TaskError(.transient, "the checkpoint of step \(step) cannot be published: \(error)")
    }
    defer { last = step }
    let isFull = published.manifest.base == nil
    return PolicyVersion(
      number: step, path: published.folder, sha256: published.manifestSHA256,
      kind: isFull ? .full : .difference, parent: isFull ? nil : last)
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
  /// for ahead, older ones; a resuming learner needs a state, and two are kept.
  mutating func clean(after version: PolicyVersion, keeping best: Int?) {
    if version.number % settings.saveEvery == 0 || version.number == settings.steps {
      states.insert(version.number)
    }
    var kept = Set(states.sorted().suffix(2))
    if let best { kept.insert(best) }
    let oldest = version.number - settings.staleness
    folder.removeCheckpoints(.policy, below: oldest, keeping: kept)
    folder.removeCheckpoints(.state, below: oldest, keeping: kept)
  }
}

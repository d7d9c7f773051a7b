import ArgumentParser
import Checkpoints
import FoundationEssentials
import OrderedJSON
import PostTraining
import QwenVL
import Randomness
import Tensors

/// Sizes and times of a run's versions: as the chain of anchors and differences that a learner publishes, as plain
/// files, and as plain files compressed by zstd. The weights are real ones of GRPO steps on a model; rewards are drawn
/// by lot.
@main
struct CheckpointBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoint-benchmark",
    abstract: "Measure how versions of a policy are published and applied.")

  @Argument(help: "A model folder in Hugging Face form.") var model: String
  @Option(help: "Learning rate of the steps between the versions.") var rate = 5e-7
  @Option(help: "What the policy is kept in: float32 or bfloat16.") var dtype = "float32"
  @Option(help: "Versions.") var steps = 5
  @Option(help: "Prompts of a step.") var prompts = 2
  @Option(help: "Folder to write to; what the benchmark wrote is removed.") var folder: String

  func validate() throws {
    guard dtype == "float32" || dtype == "bfloat16" else {
      throw ValidationError("--dtype is float32 or bfloat16, found \(dtype)")
    }
  }

  func run() throws {
    let policy = try QwenModel.load(
      folder: model, dtype: dtype == "bfloat16" ? .bfloat16 : .float32, training: .all)
    let learner = try GRPOLearner(
      policy: policy, reference: nil,
      settings: GRPOSettings(
        objective: GRPOObjective(beta: 0, maxLength: 16),
        schedule: LearningRateSchedule(shape: .constant, peak: rate, totalSteps: steps)))
    let root = "\(folder)/checkpoint-benchmark"
    defer { try? FileManager.default.removeItem(atPath: root) }
    var chain = CheckpointChain(folder: CheckpointFolder(path: root + "/chain"))
    // What a rollout worker holds: always the version before.
    let held = policy.parameters.map { (name: $0.name, tensor: $0.tensor.copied()) }
    var forms = ["raw", "zstd", "anchor", "difference"].map { Form(name: $0) }
    for step in 1...steps {
      _ = try learner.step(try groups(step))
      let weights = learner.policyTensors()
      let bytes = weights.reduce(0) { $0 + $1.tensor.byteCount }
      forms[0].add(try plain(weights, to: root + "/raw"), of: bytes)
      forms[1].add(try compressed(weights, to: root + "/zstd"), of: bytes)
      var published: PublishedCheckpoint?
      let publishing = try seconds {
        published = try chain.publish(weights, step: step, epoch: 1, origin: [:])
      }
      guard let published else { continue }
      let applying = try seconds {
        let checkpoint = try Checkpoint(folder: published.folder, manifestSHA256: published.manifestSHA256)
        for (name, tensor) in held { try checkpoint.load(name, into: tensor) }
      }
      let isAnchor = published.manifest.base == nil
      forms[isAnchor ? 2 : 3].add(
        (bytes: published.bytes, publish: publishing, apply: applying), of: bytes)
    }
    print(
      JSON.object([
        .init("parameters", .integer(policy.parameterCount)), .init("learning_rate", .number(rate)),
        .init("dtype", .string(dtype)),
        .init("forms", .array(forms.filter { $0.count > 0 }.map(\.json))),
      ]).serialized(pretty: true))
  }

  /// Sums over the versions in one form.
  private struct Form {
    let name: String
    var count = 0
    var bytes = 0
    var plainBytes = 0
    var publish = 0.0
    var apply = 0.0

    init(name: String) { self.name = name }

    mutating func add(_ measured: (bytes: Int, publish: Double, apply: Double), of plain: Int) {
      count += 1
      bytes += measured.bytes
      plainBytes += plain
      publish += measured.publish
      apply += measured.apply
    }

    var json: JSON {
      [
        "form": .string(name), "versions": .integer(count), "bytes": .integer(bytes / count),
        "share_of_raw": .number(Double(bytes) / Double(plainBytes)),
        "publish_seconds": .number(publish / Double(count)), "apply_seconds": .number(apply / Double(count)),
      ]
    }
  }

  /// One flushed file with all values, read back into memory.
  private func plain(
    _ weights: [(name: String, tensor: Tensor)], to path: String
  ) throws -> (bytes: Int, publish: Double, apply: Double) {
    try write(weights, to: path) {
      $0
    } read: { bytes, _ in
      bytes
    }
  }

  /// The same, each tensor one zstd frame of level 1.
  private func compressed(
    _ weights: [(name: String, tensor: Tensor)], to path: String
  ) throws -> (bytes: Int, publish: Double, apply: Double) {
    try write(weights, to: path) { bytes in
      try bytes.withUnsafeBytes { try Zstandard.compress($0, level: 1) }
    } read: { frame, count in
      var bytes = [UInt8](repeating: 0, count: count)
      try bytes.withUnsafeMutableBytes { target in
        try frame.withUnsafeBytes { try Zstandard.decompress($0, into: target) }
      }
      return bytes
    }
  }

  private func write(
    _ weights: [(name: String, tensor: Tensor)], to path: String, pack: ([UInt8]) throws -> [UInt8],
    read: ([UInt8], Int) throws -> [UInt8]
  ) throws -> (bytes: Int, publish: Double, apply: Double) {
    try FileManager.default.createDirectory(
      atPath: folder + "/checkpoint-benchmark", withIntermediateDirectories: true)
    try? FileManager.default.removeItem(atPath: path)
    var lengths: [Int] = []
    let publish = try seconds {
      let file = try DurableFiles.Writer(path)
      for (_, tensor) in weights {
        let frame = try pack(tensor.withReadBytes { [UInt8]($0) })
        lengths.append(frame.count)
        try file.write(frame)
      }
      try file.finish()
    }
    var offset = 0
    let apply = try seconds {
      for (index, (_, tensor)) in weights.enumerated() {
        let frame = try DurableFiles.read(path, offset: offset, count: lengths[index])
        offset += lengths[index]
        let values = try read(frame, tensor.byteCount)
        guard values.count == tensor.byteCount else { throw ValidationError("\(path) reads back short") }
      }
    }
    return (offset, publish, apply)
  }

  private func seconds(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    return try clock.measure(body) / .seconds(1)
  }

  /// Prompts and answers of tokens by lot: only that every weight gets a gradient matters.
  private func groups(_ step: Int) throws -> [TrainingGroup] {
    var lots = SplitMix64(seed: UInt64(step))
    let configuration = try QwenConfiguration(folder: model)
    func tokens(_ count: Int) -> [Int] {
      (0..<count).map { _ in lots.below(configuration.text.vocabularySize / 2) }
        .map { $0 == configuration.imageTokenID ? 0 : $0 }
    }
    return try (0..<prompts).map { index in
      let answers = (0..<4).map { _ in tokens(16) }
      return TrainingGroup(
        ordinal: step * prompts + index,
        prompt: try Prompt(ids: tokens(64), images: [], imageTokenID: configuration.imageTokenID),
        completions: answers, samplerLogProbabilities: answers.map { $0.map { _ in -8 } },
        rewards: [0, 0.1, 0.8, 1])
    }
  }
}

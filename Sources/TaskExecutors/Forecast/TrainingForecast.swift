internal import CPlatform
internal import FoundationEssentials
internal import Inspection
package import JobModel
internal import PostTraining
internal import QwenVL
internal import WorkerRuntime

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Musl
#endif

/// What a training will ask of machines, found out before one is taken: the batch, the tokens, memory and disk.
///
/// Weights, gradients and moments are counted exactly; what passes through the network is an estimate from the
/// network's shape and the longest answers allowed, and answers are usually shorter.
package struct TrainingForecast: Sendable {
  package let settings: TrainSettings
  package let size: ModelSize
  package let trained: Int

  /// - Throws: `TaskError` when the model's files cannot be read.
  package init(_ settings: TrainSettings) throws {
    self.settings = settings
    size = try asUserError { try ModelSize(folder: settings.model) }
    trained = size.trained(settings)
  }

  /// Bytes of one of the model's own values; its few biases and norms lie in memory as float32, which is not counted.
  private var width: Int { settings.dtype.width }
  /// Whether the trained weights are kept in float32 too: an adapter is float32 itself.
  private var hasMasters: Bool { settings.dtype != .float32 && settings.trainedPart != .lora }
  private var publishedWidth: Int { hasMasters ? width : 4 }

  /// What a learner holds from its first step to its last.
  package var standing: MemoryForecast {
    var memory = computing
    memory.add("the version last published", trained, width: publishedWidth)
    return memory
  }

  /// The same in the memory of a GPU.
  package var standingOnGPU: MemoryForecast {
    var memory = computing
    memory.add("scratch memory of products", 32 << 20, width: 1)
    return memory
  }

  /// What lies where it computes.
  private var computing: MemoryForecast {
    var memory = MemoryForecast()
    memory.add("weights", size.parameters, width: width)
    // Under an adapter the reference is the policy without it, in the same memory.
    if settings.method == .grpo, settings.beta > 0, settings.trainedPart != .lora {
      memory.add("reference policy", size.parameters, width: width)
    }
    if settings.trainedPart == .lora { memory.add("adapter", trained) }
    memory.add("gradients", trained)
    memory.add("AdamW's moments", 2 * trained)
    if hasMasters { memory.add("master copies in float32", trained) }
    return memory
  }

  package var promptsPerPass: Int {
    min(settings.promptsPerPass ?? settings.promptsPerStep, settings.promptsPerStep)
  }
  package var passes: Int { (settings.promptsPerStep + promptsPerPass - 1) / promptsPerPass }
  package var answersPerPrompt: Int { settings.method == .grpo ? settings.groupSize : 1 }

  /// The learner's memory: what stands, and one pass over prompts of these lengths.
  package func learner(_ prompts: PromptLengths) -> MemoryForecast {
    var memory = standing
    let tokens = promptsPerPass * (prompts.longest + answersPerPrompt * settings.maxNewTokens)
    let layers = size.configuration.text.layers
    let inside = tokens * size.perTokenAndLayer
    if settings.recomputeLayers {
      memory.add("layers' inputs", tokens * layers * size.configuration.text.hiddenSize)
      // What the layer keeps, computed again, and the gradients of it.
      memory.add("one layer's inside", 3 * inside)
    } else {
      memory.add("activations of a pass", layers * inside)
    }
    if settings.trainedPart == .all {
      let patches = promptsPerPass * prompts.mostPatches
      let blocks = settings.recomputeLayers ? 2 : size.configuration.vision.depth
      memory.add("activations of the vision tower", patches * blocks * size.perPatchAndBlock)
    }
    return memory
  }

  /// The learner's memory on a GPU: what stands there, and one pass over prompts of these lengths with the longest answers
  /// allowed.
  package func learnerOnGPU(_ prompts: PromptLengths) -> MemoryForecast {
    learnerOnGPU(
      longest: prompts.longest, answers: [Int](repeating: settings.maxNewTokens, count: answersPerPrompt),
      patches: prompts.mostPatches)
  }

  /// - Parameters:
  ///   - longest: tokens of every prompt.
  ///   - answers: tokens of each of its answers.
  ///   - patches: of its images.
  package func learnerOnGPU(longest: Int, answers: [Int], patches: Int) -> MemoryForecast {
    var memory = standingOnGPU
    let read = answers.reduce(0, +)
    let pass = PassOnGPU(
      configuration: size.configuration, width: width,
      // The last token of an answer predicts nothing that is asked for.
      rows: promptsPerPass * (longest + read - answers.count), read: promptsPerPass * read,
      patches: settings.trainedPart == .all ? promptsPerPass * patches : 0,
      recomputesLayers: settings.recomputeLayers)
    // Of a single pass the gradients come as what was kept for them goes.
    let isThere = passes == 1 ? 4 * trained : 0
    memory.add("activations of a pass", max(0, pass.kept + pass.passing - isThere), width: 1)
    return memory
  }

  /// A rollout worker's memory; nothing is sampled by supervised fine-tuning.
  /// - Parameter onGPU: where it computes; a GPU keeps keys and values as the model's own numbers, the processor in float32.
  package func rolloutWorker(_ prompts: PromptLengths, onGPU: Bool) -> MemoryForecast? {
    guard settings.method == .grpo else { return nil }
    var memory = MemoryForecast()
    memory.add("weights", size.parameters, width: width)
    let together = min(settings.promptsPerTask, settings.promptsPerStep)
    let tokens = together * (prompts.longest + settings.groupSize * settings.maxNewTokens)
    memory.add("keys and values", tokens * size.configuration.text.cachePerToken, width: onGPU ? width : 4)
    return memory
  }

  /// The most the output folder will hold at a time.
  package var disk: MemoryForecast {
    var disk = MemoryForecast()
    // While a state is written two older ones are kept, and one more may be the best.
    let state = publishedWidth + 4 * (hasMasters ? 3 : 2)
    disk.add("full states", trained * (settings.validation == nil ? 3 : 4), width: state)
    disk.add("an anchor and its differences", 2 * trained, width: publishedWidth)
    disk.add(
      "the exported model", size.parameters * (settings.validation == nil ? 1 : 2), width: width)
    return disk
  }

  // MARK: Room

  /// Bytes there are.
  package struct Machine: Sendable {
    package var memory: Int
    /// A GPU's; nil for the machine itself.
    package var gpu: String?

    var isGPU: Bool { gpu != nil }
    var name: String { gpu ?? "this machine" }

    package static var thisMachine: Machine { Machine(memory: Int(ar1_memory_total())) }

    package init(memory: Int, gpu: String? = nil) {
      self.memory = memory
      self.gpu = gpu
    }
  }

  /// Bytes free on the volume of the output folder; nil when that cannot be found out.
  package var freeDisk: Int? {
    var path = settings.output
    while !FileManager.default.fileExists(atPath: path) {
      guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return nil }
      path = String(path[..<slash])
    }
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    return Int(status.f_bavail) * Int(status.f_frsize)
  }

  /// Refuses what certainly does not fit: a learner whose weights and moments alone are more than the machine has, or an
  /// export the disk has no room for.
  func requireRoom(on machine: Machine) throws {
    let needed = (machine.isGPU ? standingOnGPU : standing).bytes
    guard machine.memory == 0 || needed <= machine.memory else {
      throw TaskError(
        .userError,
        "the learner's weights, gradients and moments take \(needed >> 20) MiB, \(machine.name) has "
          + "\(machine.memory >> 20) MiB; train less (trained_part), leave out the reference (beta: 0), or take a larger "
          + "machine; 'ar1 train --dry-run' shows the sum")
    }
    let export = width * size.parameters
    if let freeDisk, freeDisk < export {
      throw TaskError(
        .userError,
        "the trained model takes \(export >> 20) MiB, the disk of \(settings.output) has \(freeDisk >> 20) MiB free; "
          + "make room or choose another output")
    }
  }
}

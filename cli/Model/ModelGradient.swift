import ArgumentParser
import PostTraining
import QwenVL
import Tensors

/// `ar1 model gradient`: the GRPO loss of given completions and its gradients.
struct ModelGradient: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gradient",
    abstract: "Compute the GRPO loss of given completions and its gradients.",
    discussion: """
      The request also holds "completions" (ids, advantage and, optionally, old_logprobs and ref_logprobs), \
      "objective" and "train" (all, language or lora). For lora the gradients are those of --adapter or, without, of \
      a fresh adapter with the request's "lora" (rank, alpha, targets, seed). Writes a safetensors file with loss, \
      logprobs.<i> and grad.<parameter>.
      """)

  @OptionGroup var arguments: RequestArguments

  @Option(help: "The safetensors file to write.", completion: .file(extensions: ["safetensors"]))
  var output: String

  @OptionGroup var adapter: AdapterOptions

  @OptionGroup var device: DeviceOptions

  func run() throws {
    let request = try RequestFile(path: arguments.request)
    let asked = try GradientRequest(request)
    let prompt = try arguments.prompt(of: request)
    let model = try model(training: asked.trained)
    let current = try model.packedLogProbabilities(batch: [
      PromptCompletions(prompt: prompt, completions: asked.completions.map(\.ids))
    ])
    let (loss, _) = try asked.objective.loss(
      current: current,
      answers: asked.completions.map {
        GRPOObjective.PackedAnswer(
          count: $0.ids.count, old: $0.old, reference: $0.reference, advantage: $0.advantage)
      })
    loss.backward()

    var tensors: [(String, SafetensorsTensor)] = [("loss", .floats(loss.values, shape: [1]))]
    var start = 0
    let values = current.values
    for (index, completion) in asked.completions.enumerated() {
      let own = Array(values[start..<start + completion.ids.count])
      tensors.append(("logprobs.\(index)", .floats(own, shape: [own.count])))
      start += own.count
    }
    for (name, parameter) in model.trainedParameters {
      guard let gradient = parameter.gradient else { continue }
      tensors.append(("grad.\(name)", .float32(gradient.reshaped(parameter.shape))))
    }
    try SafetensorsWriter.write(tensors, to: output)
  }

  private func model(training trained: GradientRequest.Trained) throws -> QwenModel {
    switch trained {
    case .network(let part):
      guard adapter.adapter == nil else {
        throw CommandError("--adapter goes with \"train\": \"lora\"; merge it first to train the network")
      }
      return try device.load(arguments.model, training: part)
    case .adapter(let settings, let seed):
      let base = try device.load(arguments.model)
      if adapter.adapter != nil { return try adapter.adapt(base, training: true) }
      return base.adapted(by: try LoRAAdapter(for: base, settings: settings, seed: seed), training: true)
    }
  }
}

import ArgumentParser

struct ModelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model",
    abstract: "Look at a model folder and run it, without a queue.",
    discussion: "Example: ar1 model inspect models/Qwen2.5-VL-3B-Instruct",
    subcommands: [
      ModelInspect.self, ModelTokenize.self, ModelForward.self, ModelGenerate.self, ModelGradient.self,
      ModelMerge.self,
      ModelSegment.self, ModelCheck.self,
    ])
}

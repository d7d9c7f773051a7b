package import Inspection
package import PostTraining
package import QwenVL

/// Turns drawn pictures and lessons about them into what the network takes.
package struct LessonEncoder {
  package let prompts: PromptEncoder
  private let stop: Int

  package init(prompts: PromptEncoder) {
    self.prompts = prompts
    stop = prompts.configuration.stopTokenIDs[0]
  }

  package func patches(of picture: SyntheticPicture) throws -> ImagePatches {
    try prompts.assembly.patches(of: .decoded(picture.image, name: picture.name))
  }

  package func patches(of lessons: [SightLesson]) throws -> [ImagePatches] {
    try lessons.map { try prompts.assembly.patches(of: .decoded($0.image, name: "picture")) }
  }

  package func prompt(_ request: String, about picture: SyntheticPicture) throws -> Prompt {
    try prompts.encode(messages: [
      .user([.image(.decoded(picture.image, name: picture.name)), .text(request)])
    ])
  }

  package func example(_ lesson: SpeechCorpus.Lesson) throws -> SupervisedExample {
    SupervisedExample(
      prompt: try prompt(lesson.request, about: lesson.picture),
      reply: prompts.tokenizer.encode(lesson.reply) + [stop])
  }
}

extension SyntheticPicture {
  fileprivate var name: String { "picture of a \(product.rawValue)" }
}

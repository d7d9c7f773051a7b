/// Pictures, what is asked about them and what a good reply gives: a row of a training file.
public struct InstructionExample: Sendable, Equatable {
  /// What a good reply gives.
  public enum Solution: Sendable, Equatable {
    /// The letter of an option that ``InstructionExample/problem`` lists.
    case letter(String)
    /// One or more regions, in pixels of the original picture.
    case boxes([PixelBox])
    /// Anything else, to be met word by word.
    case text(String)
  }

  /// Names the row: its own `id` where it has one, else its place in the file, counted from 1.
  public let id: String
  /// Paths of the pictures in the order in which the problem speaks of them.
  public let images: [String]
  /// The question with its options, if any, without marks for pictures.
  public let problem: String
  public let solution: Solution

  public init(id: String, images: [String], problem: String, solution: Solution) {
    self.id = id
    self.images = images
    self.problem = problem
    self.solution = solution
  }

  /// The options the problem lists.
  public var options: [AnswerOption] { AnswerOption.listed(in: problem) }

  /// What a reply is scored against.
  ///
  /// - Parameter scale: original pixels per pixel of the picture as the model sees it, for boxes.
  /// - Throws: ``RewardError`` when the solution is free text, a letter that the problem does not offer, or a box
  ///   without area.
  public func rewardTarget(scale: (x: Double, y: Double) = (1, 1)) throws(RewardError) -> RewardTarget {
    switch solution {
    case .letter(let letter): .choice(try ChoiceTarget(options: options, answer: letter, question: problem))
    case .boxes(let boxes): .box(try BoxTarget(boxes: boxes, scaleX: scale.x, scaleY: scale.y))
    case .text:
      throw RewardError(
        message: "row \(id): its solution is free text; rewards score a letter or a box [x1, y1, x2, y2]")
    }
  }

  /// The row as a prompt: the pictures, the problem, and the protocol's template for letters,
  /// the grounding stage's for boxes; a text to be met word by word is asked for with the problem alone.
  ///
  /// - Parameter maxNewTokens: `nil` is the protocol's own limit.
  public func prompt(_ promptProtocol: PromptProtocol = .paper, maxNewTokens: Int? = nil) -> InspectionPrompt
  {
    if promptProtocol == .paperReleased, case .letter = solution {
      var prompt = PaperReleasedPrompt.evaluating(text: problem, images: images)
      if let maxNewTokens { prompt.maxNewTokens = maxNewTokens }
      prompt.answerLetters = options.map(\.letter)
      return prompt
    }
    var text = problem
    var bound: ImageBound? = .paper
    switch solution {
    case .letter: if let template = promptProtocol.template { text += " " + template }
    case .boxes:
      // Boxes are in pixels of the file: only the image processor may resize it, which says by how much.
      bound = nil
      if promptProtocol.reasons { text += " " + Self.boxTemplate }
    case .text: break
    }
    return InspectionPrompt(
      parts: images.map(InspectionPrompt.Part.image) + [.text(text)],
      maxNewTokens: maxNewTokens ?? (promptProtocol.reasons ? 256 : 32), imageBound: bound,
      answerLetters: options.map(\.letter))
  }

  /// What the grounding stage adds to a question for a box.
  static let boxTemplate =
    "First output the thinking process in <think> </think> tags and then output the final answer in "
    + "<answer> </answer> tags. Output the final answer in JSON format."

  /// The reply that supervised fine-tuning imitates: the bare solution in the protocol's form, a box in pixels of the
  /// picture as the model sees it.
  ///
  /// - Parameter scale: original pixels per pixel of the picture as the model sees it.
  public func reply(_ promptProtocol: PromptProtocol, scale: (x: Double, y: Double) = (1, 1)) -> String {
    switch solution {
    case .letter(let letter): return promptProtocol.reply(answering: letter)
    case .text(let text): return text
    case .boxes(let boxes):
      let seen = boxes.map { box in
        let sides = [box.x1 / scale.x, box.y1 / scale.y, box.x2 / scale.x, box.y2 / scale.y]
        return "{\"bbox_2d\": [\(sides.map { String(Int($0.rounded())) }.joined(separator: ", "))]}"
      }
      return promptProtocol.reply(
        answering: seen.count == 1 ? seen[0] : "[\(seen.joined(separator: ", "))]")
    }
  }
}

extension PromptProtocol {
  /// The shortest reply this protocol's reading understands.
  public func reply(answering answer: String) -> String {
    reasons ? "<answer>\(answer)</answer>" : answer
  }
}

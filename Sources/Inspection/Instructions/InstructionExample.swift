/// Pictures, what is asked about them and what a good reply gives: a row of a training file.
public struct InstructionExample: Sendable, Equatable {
  /// What a good reply gives.
  public enum Solution: Sendable, Equatable {
    /// The letter of an option that ``InstructionExample/problem`` lists.
    case letter(String)
    /// A region, in pixels of the original picture.
    case box(PixelBox)
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
    case .letter(let letter): .choice(try ChoiceTarget(options: options, answer: letter))
    case .box(let box): .box(try BoxTarget(box: box, scaleX: scale.x, scaleY: scale.y))
    case .text:
      throw RewardError(
        message: "row \(id): its solution is free text; rewards score a letter or a box [x1, y1, x2, y2]")
    }
  }

  /// The prompt that asks for reasoning first: the pictures, the problem, and the paper's template for letters or
  /// the released code's sentence for everything else.
  public func prompt(maxNewTokens: Int = 256) -> InspectionPrompt {
    let template: String
    switch solution {
    case .letter: template = PaperPrompt.template
    case .box, .text:
      template =
        "First output the thinking process in <think> </think> tags and then output the final answer in "
        + "<answer> </answer> tags."
    }
    return InspectionPrompt(
      parts: images.map(InspectionPrompt.Part.image) + [.text("\(problem) \(template)")],
      maxNewTokens: maxNewTokens, imageBound: .paper, answerLetters: options.map(\.letter))
  }
}

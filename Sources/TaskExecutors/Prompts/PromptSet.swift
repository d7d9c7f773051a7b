package import Inspection
package import JobModel
internal import WorkerRuntime

/// The prompts a run draws from and what their replies are measured by, whatever the layout of the data.
package protocol PromptSet: Sendable {
  var count: Int { get }
  /// Prompts that should be spread evenly over a stream have the same one.
  func stratum(of index: Int) -> String
  func prompt(of index: Int) throws -> InspectionPrompt
  /// Names the prompt in the ledger.
  func identity(of index: Int) -> PromptIdentity
  /// - Parameter scale: pixels of the first picture's file per pixel of the picture as the model sees it.
  func target(of index: Int, scale: PictureScale) throws -> RewardTarget
  /// The reply that supervised fine-tuning imitates.
  func reply(of index: Int, scale: PictureScale) throws -> String
  /// Problem and true answer for people.
  func text(of index: Int) -> (problem: String, answer: String?)
  /// The folder that names of pictures are relative to.
  var folder: String { get }
  /// Names of the pictures that are asked about, each once.
  var pictures: [String] { get }
  /// What the replies' truth is, for rewards that need one; nil where there are several kinds, or none.
  var target: RewardName.Target? { get }
  /// Whether a reply can be expected in the tags that rewards read.
  var asksForTags: Bool { get }
}

extension PromptSet {
  /// Where a prompt is: at `expected` if it is there, else at the first place with its name; `expected` when the set no
  /// longer has it.
  package func place(of prompt: PromptIdentity, expected: Int) -> Int {
    if identity(of: expected) == prompt { return expected }
    return (0..<count).first { identity(of: $0) == prompt } ?? expected
  }

  /// Refuses a reward that no reply to these prompts could earn.
  package func require(_ reward: RewardFormula) throws {
    if let wanted = reward.terms.compactMap(\.name.target).first, target != wanted {
      throw TaskError(
        .userError,
        "the reward \(reward) needs \(wanted == .box ? "boxes" : "options") as the true answers, which "
          + "not every row of the data has")
    }
    guard asksForTags else {
      throw TaskError(
        .userError,
        "the reward \(reward) reads <think> and <answer>, and protocol mmad asks for the bare letter: no reply would "
          + "earn anything; use protocol paper, or method sft")
    }
  }
}

package typealias PictureScale = (x: Double, y: Double)

/// A prompt's name in its data set.
package struct PromptIdentity: Hashable, Sendable {
  package let sample: String
  package let question: Int

  package init(sample: String, question: Int) {
    self.sample = sample
    self.question = question
  }
}

package enum PromptSets {
  /// Opens a data set with questions, one whose test pictures are known to be good or defective, or a file of rows.
  ///
  /// - Parameters:
  ///   - limit: so many prompts at most, spread evenly over what the data holds.
  ///   - seed: decides which a limit leaves.
  ///   - requiringImages: whether a picture that is not there is an error.
  package static func open(
    data: String, images: String? = nil, promptProtocol: PromptProtocolName, references: Int? = nil,
    types: [QuestionTypeName]? = nil, maxNewTokens: Int?, limit: Int? = nil, seed: Int = 0,
    requiringImages: Bool = true
  ) throws -> any PromptSet {
    let promptProtocol = try promptProtocol.resolved()
    guard !InstructionFile.isOne(data) else {
      guard references ?? 0 == 0, types == nil else {
        throw DatasetError(
          message: "\(data) is a file of rows, which bring their own pictures and have no types; leave out "
            + (types == nil ? "references" : "question_types"))
      }
      let rows = try InstructionFile.read(path: data, images: images, requiringImages: requiringImages)
      guard !rows.isEmpty else { throw DatasetError(message: "\(data) holds no row") }
      try confine(rows, of: data, to: images)
      return RowPrompts(
        rows: rows, folder: folder(of: data, images: images), promptProtocol: promptProtocol,
        maxNewTokens: maxNewTokens
      ).limited(to: limit, seed: UInt64(seed))
    }
    let prompts = QuestionPrompts(
      Evaluation(
        samples: try samples(of: data, requiringImages: requiringImages),
        promptProtocol: promptProtocol,
        settings: PromptSettings(references: references, maxNewTokens: maxNewTokens),
        questionTypes: types?.resolved, limit: limit, seed: UInt64(seed)), folder: data)
    guard prompts.count > 0 else {
      throw DatasetError(message: "\(data) has no question of the types asked for")
    }
    return prompts
  }

  private static func samples(
    of data: String, requiringImages: Bool
  ) throws(DatasetError) -> [InspectionSample] {
    // Those who only read what was answered need no picture.
    guard !requiringImages, try MMADLayout().recognises(data) else {
      return try EvaluationPictures(path: data).samples
    }
    return try MMADDataset(root: data, requiringImages: false).samples
  }

  /// A row that names a picture elsewhere would make a job read what its lab may not.
  private static func confine(
    _ rows: [InstructionExample], of data: String, to images: String?
  ) throws {
    let folder = folder(of: data, images: images)
    for row in rows {
      for image in row.images {
        let place = AbsolutePath.of(image, relativeTo: folder) ?? image
        guard place.hasPrefix(folder.hasSuffix("/") ? folder : folder + "/") else {
          throw DatasetError(
            message:
              "\(data): row \(row.id) names the picture \(image), which lies outside of \(folder); say with "
              + "'images' which folder holds all of them")
        }
      }
    }
  }

  /// The folder from which a file of rows names its pictures.
  private static func folder(of data: String, images: String?) -> String {
    images ?? data.lastIndex(of: "/").map { String(data[..<$0]) } ?? ""
  }

  package static func open(
    _ settings: TrainSettings, requiringImages: Bool = true
  ) throws -> any PromptSet {
    try open(
      data: settings.data, images: settings.images, promptProtocol: settings.promptProtocol,
      references: settings.references, types: settings.questionTypes, maxNewTokens: settings.maxNewTokens,
      requiringImages: requiringImages)
  }

  package static func open(
    _ settings: RolloutSettings, requiringImages: Bool = true
  ) throws -> any PromptSet {
    try open(
      data: settings.data, images: settings.images, promptProtocol: settings.promptProtocol,
      references: settings.references, types: settings.questionTypes, maxNewTokens: settings.maxNewTokens,
      requiringImages: requiringImages)
  }
}

internal import Images
internal import Inspection
internal import JobModel
internal import QwenVL
internal import Synchronization
internal import WorkerRuntime

/// What is asked about every image of a run, with the references of its class.
final class ScoreQuestions: Sendable {
  let promptProtocol: PromptProtocol
  let question: InspectionQuestion
  private let settings: ScoreSettings
  private let book: ReferenceBook
  /// References are cut into patches once.
  private let known = Mutex<[String: ImagePatches]>([:])

  init(_ settings: ScoreSettings) throws {
    self.settings = settings
    book = try ReferenceBook(settings)
    promptProtocol = try asUserError { try settings.promptProtocol.resolved() }
    let standard = InspectionQuestion.anomalyDetection
    question =
      settings.product.map {
        InspectionQuestion(
          text: "Is there any defect in the \($0)?", options: standard.options, answer: nil,
          type: standard.type)
      } ?? standard
  }

  /// The class of an image that its list gives none.
  func category(of path: String) -> String? { book.category(of: path) }

  func references(of category: String?) -> [String] {
    book.references(of: category, promptProtocol: promptProtocol)
  }

  func prompt(for entry: ImageEntry) throws -> InspectionPrompt {
    let references = references(of: entry.category)
    let sample = InspectionSample(
      name: entry.path, imagePath: entry.path, randomTemplates: references, questions: [question])
    return try asUserError {
      try promptProtocol.prompt(
        for: question, of: sample,
        settings: PromptSettings(references: references.count, maxNewTokens: settings.maxNewTokens))
    }
  }

  /// Asks for the places of defects. The picture is bounded as the first question's, so it is the same to the model.
  func placesPrompt(like prompt: InspectionPrompt) -> InspectionPrompt {
    var places = GroundingPrompt.defects(
      image: prompt.imagePaths.last ?? "", maxNewTokens: settings.maxNewTokens ?? 128)
    (places.imageBound, places.pixelArea) = (prompt.imageBound, prompt.pixelArea)
    return places
  }

  /// What an image's prompt has shown before.
  func knownPatches(ofReference path: String) -> ImagePatches? { known.withLock { $0[path] } }

  func patches(
    ofReference path: String, for prompt: InspectionPrompt, _ prompts: PromptSource
  ) throws -> ImagePatches {
    if let patches = knownPatches(ofReference: path) { return patches }
    do {
      let patches = try prompts.patches(of: ImageFile.decode(path: path), name: path, for: prompt)
      known.withLock { $0[path] = patches }
      return patches
    } catch {
      throw Self.unusable(error)
    }
  }

  /// Reads a reference, as each worker will.
  static func checkReference(_ path: String) throws {
    do {
      _ = try ImageFile.decode(path: path)
    } catch {
      throw unusable(error)
    }
  }

  private static func unusable(_ error: any Error) -> TaskError {
    TaskError(.userError, "the reference cannot be used: \(error)")
  }
}

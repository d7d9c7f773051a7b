internal import Digests
internal import FoundationEssentials
internal import Inspection
internal import JobModel
internal import OrderedJSON
internal import Synchronization
internal import WorkerRuntime

/// The caches of a run: one for each class, as classes are compared with other references.
final class ScoreCaches: Sendable {
  /// Raised when rows mean something else than before.
  private static let format = 2

  private let folder: String
  private let settings: ScoreSettings
  private let questions: ScoreQuestions
  private let model: String
  private let known = Mutex<[String?: ScoreCache]>([:])

  init(settings: ScoreSettings, questions: ScoreQuestions) throws {
    folder = settings.cache ?? settings.output + "/cache"
    self.settings = settings
    self.questions = questions
    model = try ModelIdentity.fullHash(folder: settings.model)
  }

  func cache(for category: String?) throws -> ScoreCache {
    if let cache = known.withLock({ $0[category] }) { return cache }
    let cache = ScoreCache(folder: folder, key: try key(category))
    known.withLock { $0[category] = cache }
    return cache
  }

  /// SHA-256 of what decides about a score beside the image: model, prompts, references, tiles.
  private func key(_ category: String?) throws -> String {
    let entry = ImageEntry(path: "", location: .file(""), category: category)
    let prompt = try questions.prompt(for: entry)
    let places = questions.placesPrompt(like: prompt)
    let references = try questions.references(of: category).map { try ModelIdentity.hash(file: $0) }
    let parts = JSON.object([
      .init("format", .integer(Self.format)), .init("model", .string(model)),
      .init("dtype", .string(settings.dtype.rawValue)),
      .init("questions", .array([prompt, places].map(Self.json))),
      .init("references", .array(references.map(JSON.string))),
      .init(
        "tiling",
        settings.tiling.map { .array([.integer($0.size), .integer($0.overlap)]) } ?? .null),
    ])
    return SHA256.digest(of: Array(parts.serialized().utf8)).hexadecimal
  }

  /// Everything of a prompt but the names of its pictures.
  private static func json(_ prompt: InspectionPrompt) -> JSON {
    let texts = prompt.parts.map { part -> JSON in
      switch part {
      case .text(let text): .string(text)
      case .image: .null
      }
    }
    return .object([
      .init("parts", .array(texts)), .init("chat", .bool(prompt.usesChatTemplate)),
      .init("numbered", .bool(prompt.numberImages)), .init("tokens", .integer(prompt.maxNewTokens)),
      .init("area", prompt.pixelArea.map { .array([.integer($0.minimum), .integer($0.maximum)]) } ?? .null),
      .init("bound", prompt.imageBound.map { .array([.integer($0.width), .integer($0.height)]) } ?? .null),
    ])
  }
}

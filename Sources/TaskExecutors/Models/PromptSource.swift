internal import Images
internal import Inspection
internal import JobModel
internal import QwenVL
internal import WorkerRuntime

/// Turns the domain's prompts into the network's.
struct PromptSource {
  let tokenizer: Tokenizer
  private let encoder: PromptEncoder
  /// The longest sequence the network's positions were made for.
  private let context: Int

  init(folder: String) throws {
    let configuration = try QwenConfiguration(folder: folder)
    encoder = try PromptEncoder(folder: folder)
    tokenizer = encoder.tokenizer
    context = configuration.text.maximumPositions
  }

  /// Encodes one prompt; a prompt that leaves no room for its reply is refused with both numbers.
  func encode(_ prompt: InspectionPrompt) throws -> Prompt {
    let limit = context - prompt.maxNewTokens
    let limits = prompt.pixelArea.map { PixelLimits(minPixels: $0.minimum, maxPixels: $0.maximum) }
    let sources = try prompt.imagePaths.map { try source($0, bound: prompt.imageBound) }
    if !prompt.usesChatTemplate {
      return try encoder.encode(
        text: prompt.rawText, images: sources, limits: limits, maximumTokens: limit)
    }
    var remaining = sources[...]
    let content: [ChatContent] = prompt.parts.compactMap { part in
      switch part {
      case .text(let text): .text(text)
      case .image: remaining.popFirst().map { .image($0) }
      }
    }
    return try encoder.encode(
      messages: [ChatMessage(role: "user", content: content)], numberImages: prompt.numberImages,
      limits: limits,
      maximumTokens: limit)
  }

  /// The ids of option letters as they stand alone in an answer; nil when one takes more than a token.
  func letterIDs(_ letters: [String]) -> [Int]? {
    let ids = letters.map { tokenizer.encode($0) }
    return ids.allSatisfy { $0.count == 1 } ? ids.map { $0[0] } : nil
  }

  /// A picture, shrunk first where the protocol bounds it (section 4.1 of the paper: 1000 × 800, Lanczos).
  private func source(_ path: String, bound: ImageBound?) throws -> ImageSource {
    guard let bound else { return .path(path) }
    let image = try ImageFile.decode(path: path)
    let size = bound.fitted(width: image.width, height: image.height)
    if size == (image.width, image.height) { return .decoded(image, name: path) }
    return .decoded(image.resizedLanczos(width: size.width, height: size.height), name: path)
  }
}

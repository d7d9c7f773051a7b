internal import Images
package import Inspection
internal import JobModel
package import QwenVL
internal import WorkerRuntime

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Musl
#endif

/// Turns the domain's prompts into the network's.
package struct PromptSource: Sendable {
  package let tokenizer: Tokenizer
  private let encoder: PromptEncoder
  /// The longest sequence the network's positions were made for.
  private let context: Int

  package init(folder: String) throws {
    let configuration = try QwenConfiguration(folder: folder)
    encoder = try PromptEncoder(folder: folder)
    tokenizer = encoder.tokenizer
    context = configuration.text.maximumPositions
  }

  /// Encodes one prompt; a prompt that leaves no room for its reply is refused with both numbers.
  package func encode(_ prompt: InspectionPrompt) throws -> Prompt {
    try encode(prompt, files: PromptFiles(prompt))
  }

  /// The same with the files of the prompt's pictures as they were read before.
  package func encode(_ prompt: InspectionPrompt, files: PromptFiles) throws -> Prompt {
    try encode(
      prompt,
      pictures: files.contents.map { path, bytes in
        let image = try ImageFile.decode(bytes: bytes, name: path)
        return .decoded(Self.bounded(image, by: prompt.imageBound), name: path)
      })
  }

  /// The same with the prompt's pictures as given, in their order.
  func encode(_ prompt: InspectionPrompt, pictures sources: [ImageSource]) throws -> Prompt {
    let limit = context - prompt.maxNewTokens
    let limits = Self.limits(of: prompt)
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

  /// Encodes a prompt to see whether it can be.
  /// - Throws: `TaskError` for a picture that is not there, which a person has to put there; else what is wrong with the
  ///   prompt.
  func look(at prompt: InspectionPrompt) throws {
    for path in prompt.imagePaths where access(path, F_OK) != 0 {
      throw TaskError(.userError, "\(path) is missing; 'ar1 data check' lists what a data set lacks")
    }
    _ = try encode(prompt)
  }

  /// A picture as the model will see it under a prompt.
  func patches(of image: RGBImage, name: String, for prompt: InspectionPrompt) throws -> ImagePatches {
    try encoder.assembly.patches(
      of: .decoded(Self.bounded(image, by: prompt.imageBound), name: name), limits: Self.limits(of: prompt))
  }

  private static func limits(of prompt: InspectionPrompt) -> PixelLimits? {
    prompt.pixelArea.map { PixelLimits(minPixels: $0.minimum, maxPixels: $0.maximum) }
  }

  /// A picture, shrunk where the protocol bounds it (section 4.1 of the paper: 1000 × 800, Lanczos). One that is longer
  /// than the image processor takes is left for it to refuse: a pixel wide and millions high, it would cost gigabytes of
  /// weights to shrink.
  private static func bounded(_ image: RGBImage, by bound: ImageBound?) -> RGBImage {
    guard let bound, PixelLimits.canTake(width: image.width, height: image.height) else { return image }
    let size = bound.fitted(width: image.width, height: image.height)
    if size == (image.width, image.height) { return image }
    return image.resizedLanczos(width: size.width, height: size.height)
  }
}

extension Prompt {
  /// Pixels of the first picture, as it was before the image processor, per pixel of the picture as the model sees it.
  package var pictureScale: PictureScale {
    guard let image = images.first, image.resizedWidth > 0, image.resizedHeight > 0 else { return (1, 1) }
    return (
      Double(image.originalWidth) / Double(image.resizedWidth),
      Double(image.originalHeight) / Double(image.resizedHeight)
    )
  }
}

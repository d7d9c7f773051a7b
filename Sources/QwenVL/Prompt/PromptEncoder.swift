import Images

/// Makes prompts from conversations, plain texts or identifiers.
public struct PromptEncoder: Sendable {
  public let configuration: QwenConfiguration
  public let tokenizer: Tokenizer
  public let processor: ImageProcessor

  /// Reads what prompts need from a model folder; no weights.
  public init(folder: String) throws {
    try self.init(
      configuration: QwenConfiguration(folder: folder), tokenizer: Tokenizer(folder: folder),
      processor: ImageProcessor(folder: folder))
  }

  /// - Throws: ``PromptError`` when the three contradict each other.
  public init(configuration: QwenConfiguration, tokenizer: Tokenizer, processor: ImageProcessor)
    throws(PromptError)
  {
    self.configuration = configuration
    self.tokenizer = tokenizer
    self.processor = processor
    if let id = tokenizer.id(of: ChatTemplate.imagePlaceholder), id != configuration.imageTokenID {
      throw PromptError(
        "config.json has image_token_id \(configuration.imageTokenID), but the tokenizer's "
          + "\(ChatTemplate.imagePlaceholder) is \(id); the files belong to different models")
    }
    guard tokenizer.vocabularySize <= configuration.text.vocabularySize else {
      throw PromptError(
        "the tokenizer has \(tokenizer.vocabularySize) tokens, but config.json a vocabulary of "
          + "\(configuration.text.vocabularySize); the files belong to different models")
    }
    let vision = configuration.vision
    guard
      [processor.patchSize, processor.temporalPatchSize, processor.mergeSize]
        == [vision.patchSize, vision.temporalPatchSize, vision.mergeSize]
    else {
      throw PromptError(
        "preprocessor_config.json and config.json disagree on patch, temporal patch or merge size: "
          + "\(processor.patchSize), \(processor.temporalPatchSize), \(processor.mergeSize) and "
          + "\(vision.patchSize), \(vision.temporalPatchSize), \(vision.mergeSize)")
    }
  }

  /// A conversation in the chat template, ready for the reply.
  ///
  /// - Parameters:
  ///   - numberImages: writes "Picture N: " before every image.
  ///   - limits: for the size of the images; those of the model folder when nil.
  ///   - maximumTokens: a longer prompt is refused.
  /// - Throws: ``PromptError``, or ``ImageError`` for an image that cannot be read.
  public func encode(
    messages: [ChatMessage], numberImages: Bool = false, limits: PixelLimits? = nil,
    maximumTokens: Int? = nil
  ) throws -> Prompt {
    let (text, images) = try ChatTemplate.render(messages, numberImages: numberImages)
    return try encode(text: text, images: images, limits: limits, maximumTokens: maximumTokens)
  }

  /// A text as it stands, without the chat template; each `<|image_pad|>` in it is the place of an image.
  public func encode(
    text: String, images: [ImageSource], limits: PixelLimits? = nil, maximumTokens: Int? = nil
  ) throws -> Prompt {
    let ids = tokenizer.encode(text)
    let places = ids.count { $0 == configuration.imageTokenID }
    guard places == images.count else {
      throw PromptError(
        "the text has \(places) places for images (\(ChatTemplate.imagePlaceholder)), but there are "
          + "\(images.count) images")
    }
    let patches = try images.map { try self.patches(of: $0, limits: limits) }
    var expanded: [Int] = []
    expanded.reserveCapacity(ids.count + patches.reduce(0) { $0 + $1.tokenCount })
    var next = patches.makeIterator()
    for id in ids {
      let count = id == configuration.imageTokenID ? next.next()?.tokenCount ?? 0 : 1
      expanded += repeatElement(id, count: count)
    }
    return try prompt(expanded, patches, maximumTokens)
  }

  /// Identifiers in which every image already has its run of image tokens.
  public func encode(
    ids: [Int], images: [ImageSource], limits: PixelLimits? = nil, maximumTokens: Int? = nil
  ) throws -> Prompt {
    let size = configuration.text.vocabularySize
    if let index = ids.firstIndex(where: { $0 < 0 || $0 >= size }) {
      throw PromptError("token \(index) is \(ids[index]), outside of the vocabulary of \(size)")
    }
    return try prompt(ids, try images.map { try patches(of: $0, limits: limits) }, maximumTokens)
  }

  /// The limits of the model folder with those that are given in their place.
  ///
  /// - Throws: ``PromptError`` when they contradict each other.
  public func limits(minPixels: Int? = nil, maxPixels: Int? = nil) throws(PromptError) -> PixelLimits {
    let limits = PixelLimits(
      minPixels: minPixels ?? processor.limits.minPixels, maxPixels: maxPixels ?? processor.limits.maxPixels)
    try limits.validate()
    return limits
  }

  /// An image as the model will see it.
  public func patches(of source: ImageSource, limits: PixelLimits? = nil) throws -> ImagePatches {
    let image: RGBImage
    switch source {
    case .path(let path): image = try ImageFile.decode(path: path)
    case .decoded(let decoded, _): image = decoded
    case .patches(let patches, _): return patches
    }
    do {
      return try processor.patches(of: image, limits: limits)
    } catch {
      throw PromptError("\(source.name): \(error.description)")
    }
  }

  private func prompt(_ ids: [Int], _ images: [ImagePatches], _ maximumTokens: Int?) throws -> Prompt {
    guard !ids.isEmpty else { throw PromptError("a prompt needs at least one token") }
    if let maximumTokens, ids.count > maximumTokens {
      throw PromptError(
        "the prompt has \(ids.count) tokens, more than the limit of \(maximumTokens); shorten the text or "
          + "lower max_pixels")
    }
    return try Prompt(ids: ids, images: images, imageTokenID: configuration.imageTokenID)
  }
}

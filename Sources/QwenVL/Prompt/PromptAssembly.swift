import Images

/// Puts identifiers and images together to prompts. It knows nothing of texts and needs no tokenizer.
public struct PromptAssembly: Sendable {
  public let configuration: QwenConfiguration
  public let processor: ImageProcessor

  /// Reads config.json and preprocessor_config.json of a model folder.
  public init(folder: String) throws {
    try self.init(configuration: QwenConfiguration(folder: folder), processor: ImageProcessor(folder: folder))
  }

  /// - Throws: ``PromptError`` when the two contradict each other.
  public init(configuration: QwenConfiguration, processor: ImageProcessor) throws(PromptError) {
    self.configuration = configuration
    self.processor = processor
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

  /// A prompt of identifiers in which every image already has its run of image tokens.
  ///
  /// - Parameters:
  ///   - limits: for the size of the images; those of the model folder when nil.
  ///   - maximumTokens: a longer prompt is refused.
  /// - Throws: ``PromptError``, or ``ImageError`` for an image that cannot be read.
  public func prompt(
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

  func prompt(_ ids: [Int], _ images: [ImagePatches], _ maximumTokens: Int?) throws -> Prompt {
    guard !ids.isEmpty else { throw PromptError("a prompt needs at least one token") }
    if let maximumTokens, ids.count > maximumTokens {
      throw PromptError(
        "the prompt has \(ids.count) tokens, more than the limit of \(maximumTokens); shorten the text or "
          + "lower max_pixels")
    }
    return try Prompt(ids: ids, images: images, imageTokenID: configuration.imageTokenID)
  }
}

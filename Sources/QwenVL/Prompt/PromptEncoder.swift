/// Makes prompts from conversations or plain texts.
public struct PromptEncoder: Sendable {
  /// What it leaves to be done once the identifiers are there.
  public let assembly: PromptAssembly
  public let tokenizer: Tokenizer

  public var configuration: QwenConfiguration { assembly.configuration }

  /// Reads what prompts need from a model folder; no weights.
  public init(folder: String) throws {
    try self.init(assembly: PromptAssembly(folder: folder), tokenizer: Tokenizer(folder: folder))
  }

  /// - Throws: ``PromptError`` when the two contradict each other.
  public init(assembly: PromptAssembly, tokenizer: Tokenizer) throws(PromptError) {
    self.assembly = assembly
    self.tokenizer = tokenizer
    let configuration = assembly.configuration
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
    let patches = try images.map { try assembly.patches(of: $0, limits: limits) }
    var expanded: [Int] = []
    expanded.reserveCapacity(ids.count + patches.reduce(0) { $0 + $1.tokenCount })
    var next = patches.makeIterator()
    for id in ids {
      let count = id == configuration.imageTokenID ? next.next()?.tokenCount ?? 0 : 1
      expanded += repeatElement(id, count: count)
    }
    return try assembly.prompt(expanded, patches, maximumTokens)
  }
}

import FoundationEssentials
import OrderedJSON
import QwenVL

/// What `model forward`, `generate` and `gradient` are asked, read from a request file.
struct RequestFile {
  enum Input {
    case messages([ChatMessage], numberImages: Bool)
    /// With the image_pad tokens already in place, one run an image.
    case ids([Int], images: [ImageSource])
  }

  let path: String
  /// The whole document, for what one command alone reads.
  let json: JSON
  let input: Input
  let minPixels: Int?
  let maxPixels: Int?
  /// Completions asked for.
  let completions: Int

  init(path: String) throws {
    self.path = path
    let bytes: [UInt8]
    do {
      bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    } catch {
      let exists = FileManager.default.fileExists(atPath: path)
      throw RequestError(path, exists ? "the request file cannot be read" : "there is no such request file")
    }
    do {
      json = try JSON(parsing: bytes)
    } catch {
      throw RequestError(path, "the request is not JSON: \(error)")
    }
    guard json.members != nil else {
      throw RequestError(path, "the request has to be an object, not \(json.kind)")
    }
    let fields = RequestFields(json, path: path)
    minPixels = try fields.count("min_pixels")
    maxPixels = try fields.count("max_pixels")
    completions = try fields.count("n", atMost: 65_536) ?? 1
    switch (json["messages"], json["input_ids"]) {
    case (let messages?, nil):
      input = .messages(
        try Self.messages(messages, path: path), numberImages: try fields.boolean("number_images") ?? false)
    case (nil, _?):
      input = .ids(
        try fields.integers("input_ids") ?? [], images: try fields.strings("images").map { .path($0) })
    case (_?, _?): throw RequestError(path, "the request has \"messages\" and \"input_ids\"; one is needed")
    case (nil, nil): throw RequestError(path, "the request has neither \"messages\" nor \"input_ids\"")
    }
  }

  /// The prompt that the request describes, for a model folder. Identifiers need no tokenizer.
  func prompt(folder: String) throws -> Prompt {
    if case .ids(let ids, let images) = input {
      return try prompt(of: ids, images, PromptAssembly(folder: folder))
    }
    return try prompt(PromptEncoder(folder: folder))
  }

  /// The prompt that the request describes.
  func prompt(_ encoder: PromptEncoder) throws -> Prompt {
    switch input {
    case .messages(let messages, let numberImages):
      return try encoder.encode(
        messages: messages, numberImages: numberImages, limits: try limits(encoder.assembly))
    case .ids(let ids, let images):
      return try prompt(of: ids, images, encoder.assembly)
    }
  }

  private func prompt(of ids: [Int], _ images: [ImageSource], _ assembly: PromptAssembly) throws -> Prompt {
    try assembly.prompt(ids: ids, images: images, limits: try limits(assembly))
  }

  private func limits(_ assembly: PromptAssembly) throws -> PixelLimits {
    try assembly.limits(minPixels: minPixels, maxPixels: maxPixels)
  }

  private static func messages(_ json: JSON, path: String) throws -> [ChatMessage] {
    guard let messages = json.array, !messages.isEmpty else {
      throw RequestError(path, "\"messages\" has to be a list of at least one message")
    }
    return try messages.enumerated().map { index, message in
      let place = "messages[\(index)]"
      guard let role = message["role"]?.string else { throw RequestError(path, "\(place) has no \"role\"") }
      if let text = message["content"]?.string { return ChatMessage(role: role, content: [.text(text)]) }
      guard let items = message["content"]?.array else {
        throw RequestError(path, "\(place).content has to be a text or a list of texts and images")
      }
      return ChatMessage(
        role: role,
        content: try items.enumerated().map { try content($1, place: "\(place).content[\($0)]", path: path) })
    }
  }

  private static func content(_ item: JSON, place: String, path: String) throws -> ChatContent {
    switch (item["type"]?.string, item["text"]?.string, item["image"]?.string) {
    case ("text"?, let text?, _): return .text(text)
    case ("image"?, _, let image?): return .image(.path(image))
    default:
      throw RequestError(
        path,
        "\(place) has to be {\"type\":\"text\",\"text\":\"…\"} or {\"type\":\"image\",\"image\":\"path\"}")
    }
  }
}

/// A fault of a request file.
struct RequestError: Error, CustomStringConvertible {
  let description: String

  init(_ path: String, _ message: String) {
    description = "\(path): \(message)"
  }
}

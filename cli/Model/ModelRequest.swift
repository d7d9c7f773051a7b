import FoundationEssentials
import OrderedJSON
import QwenVL

/// What `model forward`, `generate` and `gradient` are asked, read from a request file.
struct ModelRequest {
  enum Input {
    case messages([ChatMessage], numberImages: Bool)
    /// With the image_pad tokens already in place, one run an image.
    case ids([Int], images: [ImageSource])
  }

  let input: Input
  let minPixels: Int?
  let maxPixels: Int?
  /// Completions asked for.
  let count: Int
  /// The whole document, for what one command alone reads.
  let json: JSON
  let path: String

  init(path: String) throws {
    self.path = path
    let bytes: [UInt8]
    do {
      bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    } catch {
      throw RequestError(path, "the request file cannot be read: \(error.localizedDescription)")
    }
    do {
      json = try JSON(parsing: bytes)
    } catch {
      throw RequestError(path, "the request is not JSON: \(error)")
    }
    guard json.members != nil else { throw RequestError(path, "the request has to be a JSON object") }
    let fields = RequestFields(json, path: path)
    minPixels = try fields.integer("min_pixels", atLeast: 1)
    maxPixels = try fields.integer("max_pixels", atLeast: 1)
    count = try fields.integer("n", atLeast: 1) ?? 1
    switch (json["messages"], json["input_ids"]) {
    case (.some(let messages), nil):
      input = .messages(
        try Self.messages(messages, path: path), numberImages: try fields.boolean("number_images") ?? false)
    case (nil, .some):
      input = .ids(
        try fields.integers("input_ids") ?? [], images: try fields.strings("images").map { .path($0) })
    case (.some, .some):
      throw RequestError(path, "the request has both \"messages\" and \"input_ids\"; one of them is needed")
    case (nil, nil):
      throw RequestError(path, "the request has neither \"messages\" nor \"input_ids\"")
    }
  }

  private static func messages(_ json: JSON, path: String) throws -> [ChatMessage] {
    guard let messages = json.array, !messages.isEmpty else {
      throw RequestError(path, "\"messages\" has to be a list of at least one message")
    }
    return try messages.enumerated().map { index, message in
      guard let role = message["role"]?.string else {
        throw RequestError(path, "messages[\(index)] has no \"role\"")
      }
      if let text = message["content"]?.string { return ChatMessage(role: role, content: [.text(text)]) }
      guard let items = message["content"]?.array else {
        throw RequestError(path, "messages[\(index)].content has to be a text or a list of items")
      }
      let content: [ChatContent] = try items.enumerated().map { place, item in
        switch item["type"]?.string {
        case "text":
          if let text = item["text"]?.string { return .text(text) }
        case "image":
          if let image = item["image"]?.string { return .image(.path(image)) }
        default: break
        }
        throw RequestError(
          path,
          "messages[\(index)].content[\(place)] has to be {\"type\":\"text\",\"text\":…} or "
            + "{\"type\":\"image\",\"image\":\"path\"}")
      }
      return ChatMessage(role: role, content: content)
    }
  }
}

/// A fault of a request file.
struct RequestError: Error, CustomStringConvertible {
  let path: String
  let message: String

  init(_ path: String, _ message: String) {
    self.path = path
    self.message = message
  }

  var description: String { "\(path): \(message)" }
}

/// Typed access to the members of an object, with errors that name the member.
struct RequestFields {
  private let json: JSON
  private let path: String
  private let place: String

  /// - Parameter place: what leads to the object, as in `objective.`.
  init(_ json: JSON, path: String, place: String = "") {
    self.json = json
    self.path = path
    self.place = place
  }

  func integer(_ key: String, atLeast least: Int) throws -> Int? {
    guard let value = present(key) else { return nil }
    guard let number = value.int, number >= least else {
      throw fault(key, "a whole number of at least \(least)", value)
    }
    return number
  }

  func number(_ key: String) throws -> Float? {
    guard let value = present(key) else { return nil }
    guard let number = value.double else { throw fault(key, "a number", value) }
    return Float(number)
  }

  func boolean(_ key: String) throws -> Bool? {
    guard let value = present(key) else { return nil }
    guard let truth = value.bool else { throw fault(key, "true or false", value) }
    return truth
  }

  func string(_ key: String) throws -> String? {
    guard let value = present(key) else { return nil }
    guard let text = value.string else { throw fault(key, "a text", value) }
    return text
  }

  func strings(_ key: String) throws -> [String] {
    guard let value = present(key) else { return [] }
    guard let texts = value.array?.map(\.string), !texts.contains(nil) else {
      throw fault(key, "a list of texts", value)
    }
    return texts.compactMap { $0 }
  }

  func integers(_ key: String) throws -> [Int]? {
    guard let value = present(key) else { return nil }
    guard let numbers = value.array?.map(\.int), !numbers.contains(nil) else {
      throw fault(key, "a list of whole numbers", value)
    }
    return numbers.compactMap { $0 }
  }

  func numbers(_ key: String) throws -> [Float]? {
    guard let value = present(key) else { return nil }
    guard let numbers = value.array?.map(\.double), !numbers.contains(nil) else {
      throw fault(key, "a list of numbers", value)
    }
    return numbers.compactMap { $0.map { Float($0) } }
  }

  private func present(_ key: String) -> JSON? {
    guard let value = json[key], value != .null else { return nil }
    return value
  }

  private func fault(_ key: String, _ expected: String, _ found: JSON) -> RequestError {
    let shown = found.serialized()
    let short = shown.count > 80 ? shown.prefix(77) + "…" : shown[...]
    return RequestError(path, "\"\(place)\(key)\" has to be \(expected), not \(short)")
  }
}

public import Images

/// One turn of a conversation: pictures and texts in order.
public struct ChatMessage: Sendable {
  /// "system", "user" or "assistant".
  public var role: String
  public var content: [ChatContent]

  public init(role: String, content: [ChatContent]) {
    self.role = role
    self.content = content
  }

  public static func user(_ content: [ChatContent]) -> ChatMessage {
    ChatMessage(role: "user", content: content)
  }
}

public enum ChatContent: Sendable {
  case image(ImageSource)
  case text(String)
}

/// Where a picture comes from.
public enum ImageSource: Sendable {
  case path(String)
  /// An image in memory, with a name for messages.
  case decoded(RGBImage, name: String)
  /// An image that has been cut into patches already.
  case patches(ImagePatches, name: String)

  public var name: String {
    switch self {
    case .path(let path): path
    case .decoded(_, let name), .patches(_, let name): name
    }
  }
}

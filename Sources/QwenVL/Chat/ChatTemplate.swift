/// The conversation format Qwen2.5-VL was trained with.
public enum ChatTemplate {
  /// Stands in the text where an image's tokens go.
  public static let imagePlaceholder = "<|image_pad|>"
  /// What the model is told when the conversation does not begin with a system message.
  public static let defaultSystem = "You are a helpful assistant."

  /// The text of a conversation, ready for the assistant's reply, and its images in order.
  ///
  /// - Parameter numberImages: writes "Picture 1: ", "Picture 2: " … before the images, counted over the
  ///   whole conversation.
  /// - Throws: ``PromptError`` for a conversation without messages.
  public static func render(_ messages: [ChatMessage], numberImages: Bool) throws(PromptError)
    -> (text: String, images: [ImageSource])
  {
    guard let first = messages.first else { throw PromptError("a conversation needs at least one message") }
    var text = ""
    var images: [ImageSource] = []
    if first.role != "system" { text = "<|im_start|>system\n\(defaultSystem)<|im_end|>\n" }
    for message in messages {
      text += "<|im_start|>\(message.role)\n"
      for content in message.content {
        switch content {
        case .text(let part): text += part
        case .image(let source):
          images.append(source)
          if numberImages { text += "Picture \(images.count): " }
          text += "<|vision_start|>\(imagePlaceholder)<|vision_end|>"
        }
      }
      text += "<|im_end|>\n"
    }
    return (text + "<|im_start|>assistant\n", images)
  }
}

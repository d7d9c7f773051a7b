import Images
import OrderedJSON
import QwenVL
import Testing

@Suite("Prompts")
struct PromptTests {
  private func encoder() throws -> PromptEncoder { try PromptEncoder(folder: TextGolden.single) }

  private func image(_ rows: Int, _ columns: Int) -> ImageSource {
    .decoded(RGBImage(width: 14 * columns, height: 14 * rows, filledWith: RGBColor(9, 9, 9)), name: "grey")
  }

  @Test("tokens have the reference's positions")
  func positions() throws {
    let small = PixelLimits(minPixels: 784, maxPixels: 50_176)
    for row in try #require(try TextGolden.section("positions").array) {
      let images = (row["grids"]?.array ?? []).map { image($0.ints[0], $0.ints[1]) }
      let prompt = try encoder().assembly.prompt(
        ids: try #require(row["ids"]?.ints), images: images, limits: small)
      #expect(prompt.positions == row["positions"]?.array?.map(\.ints))
      #expect(prompt.nextPosition == (prompt.positions.joined().max() ?? -1) + 1)
    }
  }

  @Test("a conversation becomes the template's text with one run of image tokens per image")
  func conversation() throws {
    let encoder = try encoder()
    let prompt = try encoder.encode(
      messages: [.user([.image(image(4, 4)), .text("Is it good?"), .image(image(4, 8))])], numberImages: true)
    let text = encoder.tokenizer.decode(prompt.ids, skippingSpecial: false)
    let pad = "<|image_pad|>"
    #expect(
      text == """
        <|im_start|>system
        You are a helpful assistant.<|im_end|>
        <|im_start|>user
        Picture 1: <|vision_start|>\(String(repeating: pad, count: 4))<|vision_end|>Is it good?\
        Picture 2: <|vision_start|>\(String(repeating: pad, count: 8))<|vision_end|><|im_end|>
        <|im_start|>assistant

        """)
    #expect(prompt.images.map(\.tokenCount) == [4, 8])
    let told = try ChatTemplate.render(
      [ChatMessage(role: "system", content: [.text("Be brief.")]), .user([.text("Hi")])], numberImages: false)
    #expect(
      told.text
        == "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")
  }

  @Test("image tokens and images have to match, and a long prompt is refused whole")
  func refusals() throws {
    let encoder = try encoder()
    let pad = encoder.configuration.imageTokenID
    func message(_ body: () throws -> Prompt) -> String {
      do {
        _ = try body()
        return "accepted"
      } catch {
        return "\(error)"
      }
    }
    #expect(
      message { try encoder.assembly.prompt(ids: [1, pad, pad, pad, 2], images: [image(4, 4)]) }
        == "image 1 takes 4 tokens, but the prompt holds 3 image tokens for it at token 1")
    #expect(
      message {
        try encoder.assembly.prompt(ids: [1] + Array(repeating: pad, count: 5), images: [image(4, 4)])
      }
      .contains("that belong to no image"))
    #expect(
      message { try encoder.assembly.prompt(ids: [1], images: [image(4, 4)]) }
        == "the prompt holds image tokens for 0 of 1 images")
    #expect(
      message { try encoder.assembly.prompt(ids: [1, 5000], images: []) }
        == "token 1 is 5000, outside of the vocabulary of 986")
    #expect(
      message { try encoder.encode(text: "a <|image_pad|>", images: []) }.contains("1 places for images"))
    #expect(
      message { try encoder.assembly.prompt(ids: [1, 2, 3], images: [], maximumTokens: 2) }
        .hasPrefix("the prompt has 3 tokens, more than the limit of 2"))
    #expect(message { try encoder.encode(messages: []) }.contains("at least one message"))
    #expect(
      message { try encoder.encode(messages: [.user([.image(.path("/nowhere.png"))])]) }.contains(
        "/nowhere.png"))
  }
}

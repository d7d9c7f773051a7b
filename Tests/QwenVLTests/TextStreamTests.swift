import OrderedJSON
import QwenVL
import Testing

@Suite struct TextStreamTests {
  @Test("what is given out piece by piece is the text of all tokens, whatever they cut apart")
  func pieces() throws {
    let tokenizer = try Tokenizer(folder: TextGolden.single)
    var state: UInt64 = 7
    func number(below limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    // The first 256 tokens are single bytes; those from 128 on mostly parts of characters.
    for _ in 0..<400 {
      let ids = (0..<12).map { _ in number(below: number(below: 2) == 0 ? 256 : 978) }
      #expect(streamed(ids, tokenizer) == tokenizer.decode(ids), "\(ids)")
    }
    for text in ["größer – 🙂👩‍🔧 → 漢字", "e\u{301}\u{FFFD}\u{10FFFF}", "<think>ok</think><|im_end|>"] {
      let ids = tokenizer.encode(text)
      #expect(streamed(ids, tokenizer) == tokenizer.decode(ids))
    }
  }

  @Test("a character is given out when its last byte arrives, and not before")
  func characters() throws {
    let tokenizer = try Tokenizer(folder: TextGolden.single)
    let ids = tokenizer.encode("🙂")
    try #require(ids.count > 1)
    var stream = TextStream(tokenizer)
    let pieces = ids.map { stream.append($0) }
    #expect(pieces == [String](repeating: "", count: ids.count - 1) + ["🙂"])
    #expect(stream.finish() == "")
    #expect(stream.append(ids[0]) == "")
    #expect(stream.finish() == "\u{FFFD}")
  }

  private func streamed(_ ids: [Int], _ tokenizer: Tokenizer) -> String {
    var stream = TextStream(tokenizer)
    return ids.reduce("") { $0 + stream.append($1) } + stream.finish()
  }
}

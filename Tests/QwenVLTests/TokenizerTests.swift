import ModelFiles
import OrderedJSON
import QwenVL
import Testing

@Suite("The tokenizer")
struct TokenizerTests {
  @Test("both file forms give the reference's identifiers", arguments: [TextGolden.single, TextGolden.older])
  func encoding(folder: String) throws {
    let tokenizer = try Tokenizer(folder: folder)
    for row in try #require(try TextGolden.section("texts").array) {
      let text = try #require(row["text"]?.string)
      #expect(tokenizer.encode(text) == row["ids"]?.ints, "\(text.debugDescription)")
    }
  }

  @Test("identifiers become the reference's text, broken characters U+FFFD, unknown identifiers nothing")
  func decoding() throws {
    let tokenizer = try Tokenizer(folder: TextGolden.single)
    for row in try #require(try TextGolden.section("decoded").array) {
      let ids = try #require(row["ids"]?.ints)
      #expect(tokenizer.decode(ids) == row["skipped"]?.string)
      #expect(tokenizer.decode(ids, skippingSpecial: false) == row["kept"]?.string)
    }
    #expect(tokenizer.decode([-1, 1_000_000]) == "")
  }

  @Test("tokens are found by their exact spelling")
  func lookup() throws {
    let tokenizer = try Tokenizer(folder: TextGolden.single)
    #expect(tokenizer.id(of: "!") == 0)
    #expect(tokenizer.id(of: "<|im_end|>") == 958)
    #expect(tokenizer.id(of: "no such token") == nil)
    #expect(tokenizer.vocabularySize == 978)
  }

  @Test("added tokens may take white space along, stand alone as words, or be matched after normalisation")
  func addedTokenFlags() throws {
    let written =
      #""content":"<tool_call>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false"#
    func ids(of text: String, with token: String) throws -> [Int] {
      try TextGolden.withCopy(of: TextGolden.single) {
        try TextGolden.replace(written, by: token, in: $0 + "/tokenizer.json")
      } _: {
        try Tokenizer(folder: $0).encode(text)
      }
    }
    let greedy =
      #""content":"<tool_call>","single_word":false,"lstrip":true,"rstrip":true,"normalized":false"#
    #expect(try ids(of: "a \n<tool_call>\t b", with: greedy) == [64, 970, 65])
    let word = #""content":"ab","single_word":true,"lstrip":false,"rstrip":false,"normalized":false"#
    #expect(try ids(of: "ab xab ab.", with: word).count { $0 == 970 } == 2)
    let composed = #""content":"é","single_word":false,"lstrip":false,"rstrip":false,"normalized":true"#
    #expect(try ids(of: "e\u{301}!", with: composed) == [970, 0])
  }

  @Test(
    "files that do not fit together are refused with what is wrong",
    arguments: [
      (#""type":"NFC""#, #""type":"NFKC""#, "only NFC is implemented"),
      (#"\\p{N}|"#, #"\\p{N}{1,3}|"#, "is not the one of Qwen2.5"),
      (#"["Ġ","Ġ"],"#, #"["Ġ","日"],"#, "merge 1, \"Ġ 日\", names or makes a token"),
      (#"["Ġ","Ġ"],"#, "7,", "a merge is neither a string nor a pair: 7"),
      (#""!":0"#, #""!":1"#, "its identifier 1 is taken"),
      (#""Ā":188"#, #""日":188"#, "has no token \"Ā\" for byte 0"),
      (#""byte_fallback":false"#, #""byte_fallback":true"#, "\"model.byte_fallback\" is true"),
      (#"{"version""#, "{version", "not JSON: line 1, column 2 (byte 1): expected a key"),
    ])
  func refusals(old: String, new: String, message: String) throws {
    try TextGolden.withCopy(of: TextGolden.single) {
      try TextGolden.replace(old, by: new, in: $0 + "/tokenizer.json")
    } _: { folder in
      let error = #expect(throws: ModelFileError.self) { try Tokenizer(folder: folder) }
      #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
      #expect(error?.file.hasSuffix("tokenizer.json") == true)
    }
    let missing = #expect(throws: ModelFileError.self) { try Tokenizer(folder: "/nowhere") }
    #expect(missing?.problem.contains("does not exist") == true)
  }
}

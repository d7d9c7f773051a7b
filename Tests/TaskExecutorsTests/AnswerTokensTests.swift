import Foundation
import OrderedJSON
import QwenVL
import TaskExecutors
import Testing

@Suite struct AnswerTokensTests {
  /// A tokenizer that joins letters with the characters before them, as the published one does.
  private func tokenizer(joining joined: String) throws -> Tokenizer {
    var training = TokenizerTraining()
    for _ in 0..<9 { for text in [joined, "(A)", "(B)"] { training.add(text) } }
    let folder = try TestFolder()
    try folder.write(
      training.tokenizerJSON(vocabularySize: 500).serialized(), to: "tokenizer.json")
    return try Tokenizer(folder: folder.path)
  }

  private static let published =
    "<answer>A</answer> <answer>B</answer> <think> A scratch, (A) (B) Answer A B </think>"

  /// What a model that said `text` would report, with log-probabilities that tell tokens and steps apart.
  private func completion(_ text: String, _ answers: AnswerTokens, _ tokenizer: Tokenizer) -> Completion {
    let ids = tokenizer.encode(text)
    return Completion(
      ids: ids, logProbabilities: ids.map { _ in -1 }, drawnLogProbabilities: ids.map { _ in -1 },
      watched: ids.indices.map { step in answers.ids.map { Float(-step * 1000 - $0) } }, finish: .stop)
  }

  @Test func `a letter is found where the tokenizer joins it with the end of the tag`() throws {
    let tokenizer = try tokenizer(joining: Self.published)
    let answers = AnswerTokens(letters: ["A", "B"], tokenizer: tokenizer)
    let joined = try #require(tokenizer.id(of: ">A"))
    let other = try #require(tokenizer.id(of: ">B"))
    let text = "<think> A scratch (B) </think><answer>A</answer>"
    let said = completion(text, answers, tokenizer)
    let step = try #require(said.ids.lastIndex(of: joined))
    #expect(
      answers.logProbabilities(of: said, for: ["B", "A"])
        == [Double(-step * 1000 - other), Double(-step * 1000 - joined)])
  }

  @Test func `alone, with white space or enclosed, a letter is compared with those written alike`() throws {
    let tokenizer = try tokenizer(joining: Self.published)
    let answers = AnswerTokens(letters: ["A", "B"], tokenizer: tokenizer)
    for (text, form) in [
      ("<answer>\nB</answer>", ""), ("<answer> B</answer>", "Ġ"), ("(B)", "("), ("B", ""),
    ] {
      let said = completion(text, answers, tokenizer)
      let drawn = try #require(tokenizer.id(of: form + "B"))
      let other = try #require(tokenizer.id(of: form + "A"))
      let step = try #require(said.ids.lastIndex(of: drawn))
      #expect(
        answers.logProbabilities(of: said, for: ["A", "B"])
          == [Double(-step * 1000 - other), Double(-step * 1000 - drawn)], "\(text)")
    }
  }

  @Test func `what is no answer with a letter has no probabilities`() throws {
    let tokenizer = try tokenizer(joining: Self.published)
    let answers = AnswerTokens(letters: ["A", "B"], tokenizer: tokenizer)
    for text in ["", "<think> A B", "<think>B</think><answer>No</answer>", "<answer>Answer</answer>", "yes"] {
      #expect(answers.logProbabilities(of: completion(text, answers, tokenizer), for: ["A", "B"]) == nil)
    }
    // Nothing of C was watched.
    #expect(
      answers.logProbabilities(of: completion("<answer>A</answer>", answers, tokenizer), for: ["A", "C"])
        == nil)
  }

  @Test func `of an answer that explains itself the first letter counts`() throws {
    let tokenizer = try tokenizer(joining: Self.published)
    let answers = AnswerTokens(letters: ["A", "B"], tokenizer: tokenizer)
    let said = completion("<answer>B: A scratch</answer>", answers, tokenizer)
    let drawn = try #require(tokenizer.id(of: ">B"))
    let values = try #require(answers.logProbabilities(of: said, for: ["B"]))
    #expect(said.ids[-Int(values[0]) / 1000] == drawn)
  }
}

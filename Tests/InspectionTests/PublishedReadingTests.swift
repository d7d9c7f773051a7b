import Inspection
import OrderedJSON
import Testing

@Suite("Readings agree with the published code")
struct PublishedReadingTests {
  @Test("the released letter extraction, faults included")
  func releasedChoice() throws {
    for entry in try GoldenFile.entries("released_choice.json") {
      let text = try #require(entry["text"]?.string)
      #expect(ReleasedChoice.letter(in: text) == entry["letter"]?.string, "\(text.debugDescription)")
    }
  }

  @Test("roam-released is the sum of both released rewards, and the format reward a full match")
  func releasedReward() throws {
    let options = AnswerOption.lettered(["a", "b", "c", "d"])
    for entry in try GoldenFile.entries("released_reward.json") {
      let reply = try #require(entry["reply"]?.string)
      let target = RewardTarget.choice(
        try ChoiceTarget(options: options, answer: try #require(entry["answer"]?.string)))
      let outcome = try ReleasedROAMReward().score(reply: reply, target: target)
      let parts = [try #require(entry["roam"]?.double), try #require(entry["choice"]?.double)]
      #expect(outcome.parts.map(\.value) == parts, "\(reply.debugDescription)")
      #expect(outcome.reward == parts[0] + parts[1])
      #expect(outcome.conclusion == entry["conclusion"]?.string, "\(reply.debugDescription)")
      #expect(outcome.letter == entry["letter"]?.string, "\(reply.debugDescription)")
      let format = try FormatReward().score(reply: reply, target: target)
      #expect((format.reward == 1) == entry["format"]?.flag, "\(reply.debugDescription)")
    }
  }

  @Test(
    "direct answers are read as MMAD's evaluation reads them, tagged ones as the released evaluation does")
  func answers() throws {
    for entry in try GoldenFile.entries("answers.json") {
      let reply = try #require(entry["reply"]?.string)
      let options = try #require(entry["options"]).options.map {
        AnswerOption(letter: $0.letter, text: $0.text)
      }
      let question = InspectionQuestion(text: "", options: options, answer: nil, type: .objectAnalysis)
      #expect(
        AnswerReading.direct(reply, options: options).letter == entry["letter"]?.string,
        "\(reply.debugDescription) among \(options.map(\.text))")
      #expect(
        AnswerReading.releasedEvaluation(reply, to: question).letter == entry["released"]?.string,
        "\(reply.debugDescription)")
    }
  }

  @Test("similarity is difflib's ratio, with and without its junk heuristic")
  func similarity() throws {
    for entry in try GoldenFile.entries("similarity.json") {
      let first = entry["first"]?.text ?? ""
      let second = entry["second"]?.text ?? ""
      #expect(SequenceSimilarity(second: second).ratio(first: first) == entry["autojunk"]?.double)
      #expect(
        SequenceSimilarity(second: second, autojunk: false).ratio(first: first) == entry["plain"]?.double)
    }
  }

  @Test("both metric modes count as the published script does or as promised")
  func metric() throws {
    for entry in try GoldenFile.entries("metric.json") {
      let records = try AnswersFile.records(parsing: try #require(entry["records"]).serializedBytes())
      let report = try EvaluationReport(records: records)
      for (mode, table) in [("strict", report.strict), ("upstream", report.upstream)] {
        let expected = try #require(entry[mode]?.members)
        let rows = table.rows + [table.average]
        #expect(rows.map(\.dataset) == expected.map(\.key))
        for (row, member) in zip(rows, expected) {
          for (name, value) in row.named {
            let expected = try #require(member.value[name])
            guard let value else {
              #expect(expected.isNull, "\(mode) \(row.dataset) \(name)")
              continue
            }
            let truth = try #require(expected.double)
            #expect(abs(value - truth) < 1e-9, "\(mode) \(row.dataset) \(name)")
          }
        }
      }
    }
  }
}

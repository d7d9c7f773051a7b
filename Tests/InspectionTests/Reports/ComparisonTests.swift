import Inspection
import Testing

@Suite("Two runs question by question")
struct ComparisonTests {
  private func run(_ answers: [String], shift: Int = 0) -> [AnswerRecord] {
    answers.enumerated().map { index, letter in
      AnswerRecord(
        image: "VisA/candle/test/good/\(index + shift).JPG", questionText: "Is it? \nA. Yes.\nB. No.\n",
        options: AnswerOption.lettered(["Yes.", "No."]), questionType: "Anomaly Detection",
        correctAnswer: "B",
        givenAnswer: letter)
    }
  }

  @Test("questions are counted by who was right, unreadable answers as wrong")
  func counts() throws {
    let comparison = try PairedComparison(
      run(["B", "B", "A", "X", "A"]), run(["B", "A", "B", "B", "A"]))
    #expect(comparison.all.bothRight == 1 && comparison.all.onlyFirst == 1)
    #expect(comparison.all.onlySecond == 2 && comparison.all.bothWrong == 1)
    #expect(comparison.all.first == 40 && comparison.all.second == 60)
    #expect(comparison.all.probability == 1)
    #expect(comparison.changes.map(\.isGain) == [false, true, true])
    #expect(comparison.types.map(\.type) == [.anomalyDetection])
    #expect(comparison.json["all"]?["only_second"]?.int == 2)
  }

  @Test("only common questions count, repeated ones in turn; none and other right answers are errors")
  func matching() throws {
    let comparison = try PairedComparison(run(["B", "B", "B"]), run(["B", "B"], shift: 2))
    #expect(comparison.all.questions == 1 && comparison.onlyInFirst == 2 && comparison.onlyInSecond == 1)
    #expect(throws: AnswersError.self) { try PairedComparison(run(["B"]), run(["B"], shift: 9)) }
    let repeated = try PairedComparison(run(["B"]) + run(["A"]), run(["B"]) + run(["B"]))
    #expect(repeated.all.bothRight == 1 && repeated.all.onlySecond == 1)
    var other = run(["B"])
    other[0].correctAnswer = "A"
    let error = #expect(throws: AnswersError.self) { try PairedComparison(run(["B"]), other) }
    #expect(error?.message.contains("different right answers") == true)
  }

  @Test("questions that stand and fall with their picture count once in the probability by picture")
  func byPicture() throws {
    // Five questions on each of six pictures; the second run gets all of two right and all of another wrong.
    func answers(_ right: Set<Int>) -> [AnswerRecord] {
      (0..<6).flatMap { picture in
        (0..<5).map { question in
          AnswerRecord(
            image: "VisA/candle/test/bad/\(picture).JPG", questionText: "Detail \(question)?",
            options: AnswerOption.lettered(["Yes.", "No."]), questionType: "Object Details",
            correctAnswer: "B", givenAnswer: right.contains(picture) ? "B" : "A")
        }
      }
    }
    let comparison = try PairedComparison(answers([0, 1, 5]), answers([0, 1, 2, 3]))
    #expect(comparison.all.onlySecond == 10 && comparison.all.onlyFirst == 5)
    #expect(comparison.all.pictures == 6)
    #expect(comparison.all.picturesSecond == 2 && comparison.all.picturesFirst == 1)
    #expect(comparison.all.pictureProbability == 1 && comparison.all.probability < 0.31)
    #expect(
      comparison.types[0].counts.picturesSecond == 2 && comparison.datasets[0].counts.picturesFirst == 1)
    #expect(comparison.json["all"]?["p_by_picture"]?.double == 1)
    let single = try PairedComparison(run(["B", "B", "A", "X"]), run(["B", "A", "B", "B"]))
    #expect(single.all.pictureProbability == single.all.probability)
  }

  @Test("a question text as the benchmark's scripts write it is the same question")
  func foreignText() throws {
    for text in ["Is it?", "Question: Is it? \nA. Yes.\nB. No.\n"] {
      var foreign = run(["A"])
      foreign[0].questionText = text
      #expect(try PairedComparison(run(["B"]), foreign).all.onlyFirst == 1)
    }
  }
}

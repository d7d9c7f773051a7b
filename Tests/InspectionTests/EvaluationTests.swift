import Inspection
import OrderedJSON
import Testing

/// A model that answers from a table.
private struct ScriptedModel: InspectionModel {
  var asked: [Int] = []
  var reply: (InspectionPrompt) -> InspectionReply

  mutating func replies(to prompts: [InspectionPrompt]) throws -> [InspectionReply] {
    asked.append(prompts.count)
    return prompts.map(reply)
  }
}

@Suite("Evaluations and reports")
struct EvaluationTests {
  private let samples = (0..<5).map { index in
    let normal = index % 2 == 0
    return InspectionSample(
      name: "VisA/candle/test/\(normal ? "good" : "bad")/00\(index).JPG", imagePath: "\(index).JPG",
      questions: [
        InspectionQuestion(
          text: "Is there any defect in the object?", options: AnswerOption.lettered(["Yes.", "No."]),
          answer: normal ? "B" : "A", type: .anomalyDetection),
        InspectionQuestion(
          text: "What is it?", options: AnswerOption.lettered(["Candle.", "Fryum."]), answer: "A",
          type: .objectAnalysis, publishedType: "Object Details"),
      ])
  }

  private func slices(of count: Int, size: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
  }

  @Test("shards cover every question once and never split a picture")
  func shards() {
    let evaluation = Evaluation(samples: samples, promptProtocol: .paper)
    for size in [1, 2, 3, 4, 100] {
      let shards = slices(of: 10, size: size).map(evaluation.wholePictures)
      #expect(shards.flatMap(Array.init) == Array(0..<10))
      #expect(shards.allSatisfy { $0.lowerBound % 2 == 0 })
    }
    #expect(
      Evaluation(samples: samples, promptProtocol: .paper, questionTypes: [.anomalyDetection]).items.count
        == 5)
    #expect(Evaluation(samples: samples, promptProtocol: .paper, limit: 3).wholePictures(in: 0..<8) == 0..<3)
    #expect(Evaluation(samples: [], promptProtocol: .paper).wholePictures(in: 0..<8).isEmpty)
  }

  @Test("a limit leaves of every data set, class, state and type its share, whole pictures in their order")
  func limited() {
    func question(_ type: QuestionType) -> InspectionQuestion {
      InspectionQuestion(text: "?", options: AnswerOption.lettered(["Yes.", "No."]), answer: "A", type: type)
    }
    // As the benchmark's file has them: one class after the other, defective pictures with more questions.
    let sets: [(String, [String], Int)] = [
      ("DS-MVTec", ["bottle", "cable"], 40), ("VisA", ["candle", "pcb1", "fryum"], 20),
    ]
    let samples: [InspectionSample] = sets.flatMap { dataset, classes, count in
      classes.flatMap { name in
        (0..<count).map { index -> InspectionSample in
          let isNormal = index < count / 2
          return InspectionSample(
            name: "\(dataset)/\(name)/test/\(isNormal ? "good" : "bad")/\(index).png", imagePath: "\(index)",
            questions: isNormal
              ? [question(.anomalyDetection)]
              : [question(.anomalyDetection), question(.defectClassification), question(.objectAnalysis)])
        }
      }
    }
    func evaluation(_ limit: Int?, seed: UInt64 = 0) -> Evaluation {
      Evaluation(samples: samples, promptProtocol: .paper, limit: limit, seed: seed)
    }
    let whole = evaluation(nil)
    #expect(whole.items.count == 280)
    let tenth = evaluation(28)
    #expect(tenth.items.count == 28 && tenth.available == 280)
    let pictures = Set(tenth.items.map(\.sample)).map { samples[$0] }
    // 14 of 140 pictures, up to one of each class and state.
    for (name, share) in [("bottle", 4), ("cable", 4), ("candle", 2), ("pcb1", 2), ("fryum", 2)] {
      let own = pictures.filter { $0.category == name }
      #expect(abs(own.count - share) <= 1, "\(name)")
      #expect(abs(own.count { $0.isNormal } - share / 2) <= 1, "\(name)")
    }
    // In the file's order, and no picture torn but the last.
    let places = tenth.items.compactMap { whole.items.firstIndex(of: $0) }
    #expect(places == places.sorted())
    for sample in Set(tenth.items.map(\.sample)) where sample != tenth.items.last?.sample {
      #expect(tenth.items.count { $0.sample == sample } == samples[sample].questions.count)
    }
    #expect(evaluation(28).items == tenth.items)
    #expect(evaluation(28, seed: 1).items != tenth.items)
    #expect(evaluation(5000).items == whole.items)
    for limit in 1...280 { #expect(evaluation(limit).items.count == limit) }
  }

  @Test("pieces of a split shard share its questions, each once")
  func pieces() {
    let evaluation = Evaluation(samples: samples, promptProtocol: .paper)
    for size in [1, 2, 3, 4, 5, 100] {
      let singles = (0..<10).map { evaluation.questions(of: $0..<$0 + 1, shardSize: size) }
      #expect(singles.flatMap(Array.init) == Array(0..<10), "shards of \(size), item by item")
      let halves = slices(of: 10, size: size).flatMap { shard in
        let middle = shard.lowerBound + shard.count / 2
        return [shard.lowerBound..<middle, middle..<shard.upperBound].filter { !$0.isEmpty }
      }
      let questions = halves.map { evaluation.questions(of: $0, shardSize: size) }
      #expect(questions.flatMap(Array.init) == Array(0..<10), "halves of shards of \(size)")
    }
  }

  @Test("shards asked apart give the records of the whole")
  func run() throws {
    let evaluation = Evaluation(samples: samples, promptProtocol: .paper)
    var model = ScriptedModel { prompt in
      let odd = prompt.imagePaths[0].utf8.first.map { $0 % 2 == 1 } ?? false
      return InspectionReply(
        text: odd
          ? "<think>no mark, so option B</think><answer>B</answer>" : "<think>a mark</think><answer>B",
        answerLogProbabilities: [-1, -1])
    }
    var progress: [Int] = []
    let whole = try evaluation.run(0..<10, with: &model, batch: 4) { progress.append($0) }
    #expect(progress == [4, 8, 10] && model.asked == [4, 4, 2])
    let parts = try slices(of: 10, size: 3).flatMap {
      try evaluation.run(evaluation.wholePictures(in: $0), with: &model)
    }
    #expect(parts == whole)
    #expect(whole[0].givenAnswer == AnswerRecord.unreadable && whole[0].conclusion == nil)
    #expect(whole[2].givenAnswer == "B" && whole[2].conclusion == "B")
    #expect(whole[0].defectProbability == 0.5 && whole[1].defectProbability == nil)
    #expect(ConclusionAgreement.share(of: whole) == 0.4)
    #expect(throws: EvaluationError.self) { try evaluation.run(0..<11, with: &model) }
  }

  @Test("shuffled options are asked by the seed and counted under their published letters")
  func shuffled() throws {
    let question = InspectionQuestion(
      text: "Which?", options: AnswerOption.lettered(["Cup.", "Lid.", "Box.", "Bag."]), answer: "C",
      type: .objectClassification)
    let samples = (0..<40).map { index in
      InspectionSample(name: "VisA/x/test/good/\(index).png", imagePath: "\(index)", questions: [question])
    }
    func evaluation(_ seed: UInt64) -> Evaluation {
      Evaluation(samples: samples, promptProtocol: .paper, optionOrder: .shuffled(seed: seed))
    }
    // Says the letter that stands before "Box." in the prompt, whatever it is.
    var model = ScriptedModel { prompt in
      let text = prompt.parts.map { if case .text(let text) = $0 { text } else { "" } }.joined()
      let line = text.split(separator: "\n").first { $0.hasSuffix(". Box.") }
      let letter = line.map { String($0.prefix(1)) } ?? "?"
      return InspectionReply(text: "<think>so \(letter)</think><answer>\(letter)</answer>")
    }
    let records = try evaluation(3).run(0..<40, with: &model)
    #expect(records.allSatisfy { $0.isRight && $0.conclusion == "C" && $0.givenAnswer == "C" })
    #expect(Set(records.compactMap(\.shownOrder)).count > 10)
    #expect(records[0].options == question.options)
    #expect(try evaluation(3).run(0..<40, with: &model) == records)
    #expect(try evaluation(4).run(0..<40, with: &model).map(\.shownOrder) != records.map(\.shownOrder))
    let read = try AnswersFile.records(parsing: AnswersFile.json(records).serializedBytes())
    #expect(read == records)
  }

  @Test("the probability of a defect is that of the option that means one, also when options are shuffled")
  func shuffledProbability() throws {
    var model = ScriptedModel { prompt in
      let text = prompt.parts.map { if case .text(let text) = $0 { text } else { "" } }.joined()
      let yesFirst = text.contains("A. Yes.")
      return InspectionReply(
        text: "<think></think><answer>A</answer>",
        answerLogProbabilities: yesFirst ? [-0.1, -9] : [-9, -0.1])
    }
    let evaluation = Evaluation(
      samples: samples, promptProtocol: .paper, optionOrder: .shuffled(seed: 1),
      questionTypes: [.anomalyDetection])
    let records = try evaluation.run(0..<5, with: &model)
    #expect(Set(records.compactMap(\.shownOrder)) == ["AB", "BA"])
    #expect(records.allSatisfy { ($0.defectProbability ?? 0) > 0.99 })
  }

  @Test("a batch never ends between two questions on one picture, so that they share what they begin with")
  func batches() throws {
    let evaluation = Evaluation(samples: samples, promptProtocol: .paper)
    var model = ScriptedModel { _ in InspectionReply(text: "B") }
    _ = try evaluation.run(0..<10, with: &model, batch: 3)
    #expect(model.asked == [4, 4, 2])
  }

  @Test("the probability of a defect follows the letters, whatever their order and scale")
  func defectScore() throws {
    let question = InspectionQuestion.anomalyDetection
    let turned = InspectionQuestion(
      text: "", options: AnswerOption.lettered(["No.", "Yes."]), answer: nil, type: .anomalyDetection)
    let likely = try #require(
      DefectScore.probability(logProbabilities: [-0.5, -2.5], question: question))
    #expect(abs(likely - 1 / (1 + 0.1353352832366127)) < 1e-12)
    let turnedLikely = try #require(
      DefectScore.probability(logProbabilities: [-2.5, -0.5], question: turned))
    #expect(abs(turnedLikely - likely) < 1e-12)
    #expect(
      DefectScore.probability(logProbabilities: [-2000, -2001], question: question).map { $0 > 0.7 } == true)
    #expect(DefectScore.probability(logProbabilities: [-1], question: question) == nil)
    #expect(DefectScore.probability(logProbabilities: [-1, .nan], question: question) == nil)
  }

  @Test("an answers file reads back what was written, and keeps other programs' records")
  func answersFile() throws {
    let record = AnswerRecord(
      image: "VisA/candle/test/good/1.JPG", questionText: "? \nA. Yes.\n",
      options: AnswerOption.lettered(["Yes."]),
      questionType: "Object Details", correctAnswer: "A", givenAnswer: "B", thinking: "so \"B\"\n",
      conclusion: nil,
      defectProbability: 0.25, references: ["VisA/candle/train/good/7.JPG"])
    let bytes = AnswersFile.json([record]).serializedBytes()
    #expect(try AnswersFile.records(parsing: bytes) == [record])
    let foreign = #"""
      [{"image":"a/b.png","question":{"type":"text","text":"Question: ? \nA. Yes.\nB. No.\n"},
        "question_type":"Defect Analysis","correct_answer":"A","gpt_answer":null,"class":"x"}]
      """#
    let theirs = try AnswersFile.records(parsing: Array(foreign.utf8))[0]
    #expect(theirs.givenAnswer == "" && theirs.options.map(\.text) == ["Yes.", "No."])
    let bad = #"[{"image":"a/b.png","question_type":"Defect Analysis","correct_answer":"A","gpt_answer":3}]"#
    let error = #expect(throws: AnswersError.self) { try AnswersFile.records(parsing: Array(bad.utf8)) }
    #expect(error?.message == "record 1: \"gpt_answer\" is a whole number, not a string")
    let sure = #"""
      [{"image":"a/b.png","question_type":"Anomaly Detection","correct_answer":"A","gpt_answer":"A",
        "defect_probability":97}]
      """#
    let percent = #expect(throws: AnswersError.self) { try AnswersFile.records(parsing: Array(sure.utf8)) }
    #expect(percent?.message == "record 1: \"defect_probability\" is 97, not 0 to 1")
  }

  @Test("the cells published for Qwen2.5-VL-7B give its published averages")
  func arithmetic() {
    let published: [(dataset: String, cells: [Double], average: Double)] = [
      ("DS-MVTec", [86.4004, 73.1120, 74.6018, 74.6084, 90.7054, 99.5690, 92.9773], 84.57),
      ("MVTec-LOCO", [61.5185, 44.5010, 51.8330, 59.8563, 72.9560, 89.7059, 78.9279], 65.61),
      ("VisA", [75.5907, 51.2605, 61.0693, 63.6134, 73.3448, 86.4171, 82.8582], 70.59),
      ("GoodsAD", [60.9042, 55.2250, 55.2457, 58.4396, 76.0274, 90.2560, 79.9228], 68.00),
    ]
    let table = MetricTable(
      rows: published.map {
        MetricTable.Row(dataset: $0.dataset, cells: $0.cells, overkill: 0, miss: 0, questions: [])
      })
    for (row, truth) in zip(table.rows, published) { #expect(abs(row.average - truth.average) < 0.005) }
    #expect(abs(table.average.average - 72.19) < 0.005)
    #expect(abs(table.average[.anomalyDetection] - 71.1034) < 0.0001)
  }

  @Test("a report shows the same numbers as aligned text, JSON and CSV")
  func report() throws {
    let records = [("good", "B", "B"), ("bad", "A", "X"), ("bad", "A", "A")].map { place, gold, given in
      AnswerRecord(
        image: "My, set/c/\(place)/1.png", questionText: "", options: [], questionType: "Anomaly Detection",
        correctAnswer: gold, givenAnswer: given)
    }
    let report = try EvaluationReport(
      records: records, origin: [.init("protocol", "mmad"), .init("seed", "3")], missingTemplates: 2)
    #expect(report.strict.rows[0][.anomalyDetection] == 75)
    #expect(report.upstream.rows[0][.anomalyDetection] == 50)
    #expect(report.accuracies().map(\.accuracy) == [0.75])
    let lines = report.text.split(separator: "\n").map(String.init)
    #expect(lines[0] == "protocol: mmad")
    #expect(lines[2] == "3 answers, 1 unreadable, 2 reference images missing")
    // Both modes' tables stand before everything else.
    let table = lines.filter {
      $0.hasPrefix("data set") || $0.hasPrefix("My, set") || $0.hasPrefix("Average")
    }.prefix(6)
    #expect(Set(table.prefix(3).map(\.count)).count == 1 && Set(table.suffix(3).map(\.count)).count == 1)
    #expect(table[1].hasPrefix("My, set     75.00    0.00"))
    #expect(report.csv.contains("strict,\"My, set\",75.0,0.0"))
    #expect(report.json["strict"]?["My, set"]?["Overkill"] == .number(0))
    // The script skips the one defective picture whose answer it could read.
    #expect(report.upstream.average.miss == nil)
    #expect(report.tables["upstream"]?["Average"]?["Miss"] == .null)
    #expect(throws: AnswersError.self) { try EvaluationReport(records: []) }
  }
}

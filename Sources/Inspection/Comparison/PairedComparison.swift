public import OrderedJSON

/// Two runs over the same questions, question by question.
public struct PairedComparison: Sendable {
  /// Questions both runs answered, counted by who was right.
  public struct Counts: Sendable, Equatable {
    public internal(set) var bothRight = 0
    public internal(set) var onlyFirst = 0
    public internal(set) var onlySecond = 0
    public internal(set) var bothWrong = 0
    /// By picture, how many more questions the second run got right.
    private var gains: [String: Int] = [:]

    public var questions: Int { bothRight + onlyFirst + onlySecond + bothWrong }
    /// Accuracies in percent.
    public var first: Double { share(bothRight + onlyFirst) }
    public var second: Double { share(bothRight + onlySecond) }
    private func share(_ count: Int) -> Double {
      questions == 0 ? 0 : 100 * Double(count) / Double(questions)
    }

    /// The exact two-sided probability of McNemar's test: how likely questions only one run got right are to be split at
    /// least as unevenly, were both runs equally good.
    public var probability: Double { McNemar.probability(onlyFirst, onlySecond) }

    /// Pictures with a question both runs answered, and those on which one run got more right than the other.
    public var pictures: Int { gains.count }
    public var picturesFirst: Int { gains.values.count { $0 < 0 } }
    public var picturesSecond: Int { gains.values.count { $0 > 0 } }
    /// The same of pictures, the exact two-sided probability of the sign test. The questions on one picture stand and
    /// fall together, so that McNemar's test, which takes each for a draw of its own, finds too much in them; with one
    /// question on each picture the two are the same.
    public var pictureProbability: Double { McNemar.probability(picturesFirst, picturesSecond) }

    mutating func count(_ first: Bool, _ second: Bool, of picture: String) {
      gains[picture, default: 0] += (second ? 1 : 0) - (first ? 1 : 0)
      switch (first, second) {
      case (true, true): bothRight += 1
      case (true, false): onlyFirst += 1
      case (false, true): onlySecond += 1
      case (false, false): bothWrong += 1
      }
    }
  }

  /// A question whose answer became right or wrong.
  public struct Change: Sendable, Equatable {
    public let image: String
    public let questionText: String
    public let questionType: String
    public let correct: String
    public let first, second: String
    /// Whether the second run got it right.
    public let isGain: Bool
  }

  public let all: Counts
  /// In the order of `QuestionType.allCases`; types never asked are left out.
  public let types: [(type: QuestionType, counts: Counts)]
  /// In the order in which data sets first occur in the first run.
  public let datasets: [(name: String, counts: Counts)]
  public let changes: [Change]
  /// Questions that only one of the runs has.
  public let onlyInFirst, onlyInSecond: Int

  /// Questions are the same when picture, type and text are; of a question that stands several times in a run, the first
  /// is compared with the first, and so on. An answer that cannot be read is wrong.
  /// - Throws: ``AnswersError`` when the runs share no question, or give different right answers to one.
  public init(_ first: [AnswerRecord], _ second: [AnswerRecord]) throws(AnswersError) {
    var others = Dictionary(zip(Self.keys(second), second), uniquingKeysWith: { first, _ in first })
    var all = Counts()
    var types: [QuestionType: Counts] = [:]
    var datasets: [(name: String, counts: Counts)] = []
    var changes: [Change] = []
    var alone = 0
    for (key, record) in zip(Self.keys(first), first) {
      guard let other = others.removeValue(forKey: key) else {
        alone += 1
        continue
      }
      guard record.correctAnswer == other.correctAnswer else {
        throw AnswersError(
          message:
            "the runs give different right answers, \(record.correctAnswer) and \(other.correctAnswer), to "
            + "\"\(record.questionText)\" on \(record.image); were they made from different data?")
      }
      all.count(record.isRight, other.isRight, of: record.image)
      if let type = QuestionType(published: record.questionType) {
        types[type, default: Counts()].count(record.isRight, other.isRight, of: record.image)
      }
      if let index = datasets.firstIndex(where: { $0.name == record.dataset }) {
        datasets[index].counts.count(record.isRight, other.isRight, of: record.image)
      } else {
        var counts = Counts()
        counts.count(record.isRight, other.isRight, of: record.image)
        datasets.append((record.dataset, counts))
      }
      if record.isRight != other.isRight {
        changes.append(
          Change(
            image: record.image, questionText: record.questionText, questionType: record.questionType,
            correct: record.correctAnswer, first: record.givenAnswer, second: other.givenAnswer,
            isGain: other.isRight))
      }
    }
    guard all.questions > 0 else {
      throw AnswersError(
        message: "the two runs have no question in common; pictures and questions must be the same")
    }
    self.all = all
    self.types = QuestionType.allCases.compactMap { type in types[type].map { (type, $0) } }
    self.datasets = datasets
    self.changes = changes
    onlyInFirst = alone
    onlyInSecond = others.count
  }

  /// What names each question of a run.
  private static func keys(_ records: [AnswerRecord]) -> [String] {
    var occurrences: [String: Int] = [:]
    return records.map { record in
      let key = "\(record.image)\n\(record.questionType)\n\(question(record.questionText))"
      occurrences[key, default: 0] += 1
      return "\(key)\n\(occurrences[key] ?? 0)"
    }
  }

  /// The question alone: the benchmark's scripts write "Question: " before it, some without the options behind it.
  private static func question(_ text: String) -> String {
    let prefix = "Question: "
    var question = (text.hasPrefix(prefix) ? text.dropFirst(prefix.count) : text[...]).prefix {
      !$0.isNewline
    }
    while question.last == " " { question.removeLast() }
    return String(question)
  }

  public var json: JSON {
    .object([
      .init("all", Self.json(all)),
      .init("types", .object(types.map { .init($0.type.rawValue, Self.json($0.counts)) })),
      .init("datasets", .object(datasets.map { .init($0.name, Self.json($0.counts)) })),
      .init("only_in_first", .integer(onlyInFirst)), .init("only_in_second", .integer(onlyInSecond)),
      .init(
        "changes",
        .array(
          changes.map {
            [
              "image": .string($0.image), "question": .string($0.questionText),
              "question_type": .string($0.questionType), "correct_answer": .string($0.correct),
              "first": .string($0.first), "second": .string($0.second), "gain": .bool($0.isGain),
            ]
          })),
    ])
  }

  private static func json(_ counts: Counts) -> JSON {
    [
      "questions": .integer(counts.questions), "both_right": .integer(counts.bothRight),
      "only_first": .integer(counts.onlyFirst), "only_second": .integer(counts.onlySecond),
      "both_wrong": .integer(counts.bothWrong), "first": .number(counts.first),
      "second": .number(counts.second), "p": .number(counts.probability),
      "pictures": .integer(counts.pictures), "pictures_first": .integer(counts.picturesFirst),
      "pictures_second": .integer(counts.picturesSecond),
      "p_by_picture": .number(counts.pictureProbability),
    ]
  }
}

/// McNemar's test on paired answers.
public enum McNemar {
  /// The exact two-sided probability under the binomial distribution with one half: min(1, 2 · P(X ≤ min(b, c))), X
  /// among b + c; 1 when no pair differs.
  public static func probability(_ b: Int, _ c: Int) -> Double {
    let trials = b + c
    guard trials > 0 else { return 1 }
    // Terms relative to the largest one that is summed, so that nothing underflows before it must.
    let most = min(b, c)
    var logTerm = -Double(trials) * logarithm(2)
    for k in 0..<most { logTerm += logarithm(Double(trials - k)) - logarithm(Double(k + 1)) }
    var sum = 1.0
    var ratio = 1.0
    for k in stride(from: most, to: 0, by: -1) {
      ratio *= Double(k) / Double(trials - k + 1)
      sum += ratio
    }
    return min(1, 2 * exponential(logTerm) * sum)
  }
}

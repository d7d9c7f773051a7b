import FoundationEssentials
public import OrderedJSON

/// Answer files: a JSON list of `{"image", "question": {"text", "options"}, "question_type", "correct_answer",
/// "gpt_answer"}`, which the benchmark's published script reads and writes too. Reasoning, its conclusion and
/// the probability of a defect stand in further keys that the script ignores.
public enum AnswersFile {
  /// - Throws: ``AnswersError`` naming the file and the record.
  public static func read(path: String) throws(AnswersError) -> [AnswerRecord] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw AnswersError(message: "\(path): no such file, or it cannot be read")
    }
    do {
      return try records(parsing: [UInt8](data))
    } catch {
      throw AnswersError(message: "\(path): \(error.message)")
    }
  }

  /// - Throws: ``AnswersError`` naming the record, counted from 1, and what is wrong with it.
  public static func records(parsing bytes: [UInt8]) throws(AnswersError) -> [AnswerRecord] {
    let json: JSON
    do {
      json = try JSON(parsing: bytes)
    } catch {
      throw AnswersError(message: error.description)
    }
    guard let entries = json.array else {
      throw AnswersError(message: "an answers file is a list of records, this is \(json.kind)")
    }
    var records: [AnswerRecord] = []
    records.reserveCapacity(entries.count)
    for (index, entry) in entries.enumerated() {
      records.append(try record(entry, number: index + 1))
    }
    return records
  }

  private static func record(_ entry: JSON, number: Int) throws(AnswersError) -> AnswerRecord {
    guard entry.members != nil else {
      throw AnswersError(message: "record \(number) is \(entry.kind), not an object")
    }
    func text(_ key: String) throws(AnswersError) -> String {
      guard let value = entry[key] else { throw AnswersError(message: "record \(number) lacks \"\(key)\"") }
      guard let text = value.string else {
        throw AnswersError(message: "record \(number): \"\(key)\" is \(value.kind), not a string")
      }
      return text
    }
    func answer(_ key: String) throws(AnswersError) -> String {
      // Other programs write null for a reply they could not read.
      entry[key]?.isNull == true ? "" : try text(key)
    }
    let type = try text("question_type")
    guard QuestionType(published: type) != nil else {
      throw AnswersError(
        message: "record \(number): unknown question_type \"\(type)\"; known are "
          + QuestionType.publishedNames.joined(separator: ", "))
    }
    if let probability = entry["defect_probability"], !probability.isNull,
      !(0...1).contains(probability.double ?? -1)
    {
      throw AnswersError(
        message: "record \(number): \"defect_probability\" is \(probability.serialized()), not 0 to 1")
    }
    let questionText = entry["question"]?["text"]?.string ?? ""
    // Some of the benchmark's scripts leave the options in the text alone.
    let options =
      entry["question"]?["options"]?.members?.map {
        AnswerOption(letter: $0.key, text: $0.value.string ?? "")
      }
      ?? AnswerOption.listed(in: questionText)
    return AnswerRecord(
      image: try text("image"), questionText: questionText, options: options,
      questionType: type, correctAnswer: try answer("correct_answer"), givenAnswer: try answer("gpt_answer"),
      thinking: entry["thinking"]?.string, conclusion: entry["conclusion"]?.string,
      defectProbability: entry["defect_probability"]?.double, statedNormal: entry["normal"]?.bool,
      shownOrder: entry["shown_order"]?.string,
      references: (entry["references"]?.array ?? []).compactMap(\.string))
  }

  /// The records as a document.
  public static func json(_ records: [AnswerRecord]) -> JSON { .array(records.map(json)) }

  /// One record as an object, as the file holds it.
  public static func json(_ record: AnswerRecord) -> JSON {
    var members: [JSON.Member] = [
      .init("image", .string(record.image)),
      .init(
        "question",
        .object([
          .init("text", .string(record.questionText)),
          .init("options", .object(record.options.map { .init($0.letter, .string($0.text)) })),
        ])),
      .init("question_type", .string(record.questionType)),
      .init("correct_answer", .string(record.correctAnswer)),
      .init("gpt_answer", .string(record.givenAnswer)),
    ]
    if let thinking = record.thinking {
      members.append(.init("thinking", .string(thinking)))
      members.append(.init("conclusion", record.conclusion.map(JSON.string) ?? .null))
    }
    if let probability = record.defectProbability, probability.isFinite {
      members.append(.init("defect_probability", .number(probability)))
    }
    if let normal = record.statedNormal { members.append(.init("normal", .bool(normal))) }
    if let order = record.shownOrder { members.append(.init("shown_order", .string(order))) }
    if !record.references.isEmpty {
      members.append(.init("references", .array(record.references.map(JSON.string))))
    }
    return .object(members)
  }

  /// One record of ``json(_:)-(AnswerRecord)`` read back, for shards that travel as lines.
  public static func record(_ json: JSON) throws(AnswersError) -> AnswerRecord {
    try record(json, number: 1)
  }
}

/// An answers file that cannot be used.
public struct AnswersError: Error, CustomStringConvertible, Equatable {
  public let message: String
  public var description: String { message }
}

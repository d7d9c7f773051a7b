/// Questions to be put to a model under one protocol, in an order that never changes, so that any range of it
/// can be asked anywhere and the answers joined again.
public struct Evaluation: Sendable {
  /// One question on one sample.
  public struct Item: Sendable, Equatable {
    public let sample: Int
    public let question: Int
  }

  public private(set) var samples: [InspectionSample]
  public let promptProtocol: PromptProtocol
  public let settings: PromptSettings
  /// Texts added to the prompts by data set and category; `nil` adds none.
  public let domainKnowledge: DomainKnowledge?
  public let optionOrder: OptionOrder
  /// The questions to ask, sample by sample.
  public let items: [Item]
  /// How many questions there are of the types asked, those that a limit leaves out among them.
  public let available: Int

  /// - Parameters:
  ///   - questionTypes: asks only questions of these types; `nil` asks all.
  ///   - limit: asks at most this many, picture by picture, spread evenly over data sets, classes and types of question;
  ///     of one picture it may ask only the first. `nil` asks all.
  ///   - seed: decides which a limit leaves.
  public init(
    samples: [InspectionSample], promptProtocol: PromptProtocol, settings: PromptSettings = PromptSettings(),
    domainKnowledge: DomainKnowledge? = nil, optionOrder: OptionOrder = .published,
    questionTypes: Set<QuestionType>? = nil, limit: Int? = nil, seed: UInt64 = 0
  ) {
    self.samples = samples
    self.promptProtocol = promptProtocol
    self.settings = settings
    self.domainKnowledge = domainKnowledge
    self.optionOrder = optionOrder
    var items: [Item] = []
    for (sampleIndex, sample) in samples.enumerated() {
      for (questionIndex, question) in sample.questions.enumerated()
      where questionTypes?.contains(question.type) ?? true {
        items.append(Item(sample: sampleIndex, question: questionIndex))
      }
    }
    available = items.count
    self.items = limit.map { Self.spread(items, of: samples, limit: $0, seed: seed) } ?? items
  }

  /// So many of the questions, in their order.
  private static func spread(
    _ items: [Item], of samples: [InspectionSample], limit: Int, seed: UInt64
  ) -> [Item] {
    var pictures: [Range<Int>] = []
    for index in items.indices {
      if let last = pictures.last, items[last.lowerBound].sample == items[index].sample {
        pictures[pictures.count - 1] = last.lowerBound..<index + 1
      } else {
        pictures.append(index..<index + 1)
      }
    }
    let strata = pictures.map { picture -> String in
      let sample = samples[items[picture.lowerBound].sample]
      let types = items[picture].map { sample.questions[$0.question].type.rawValue }
      // Good and defective pictures are asked different types, but for data sets with one.
      return [sample.dataset, sample.category, "\(sample.isNormal)", types.joined(separator: "+")]
        .joined(separator: "/")
    }
    let chosen = EvenSubset.places(
      strata: strata, sizes: pictures.map(\.count), limit: limit, seed: seed)
    return Array(chosen.flatMap { items[pictures[$0]] }.prefix(max(0, limit)))
  }

  /// The items of a slice, moved to where pictures begin: slices that cover all items give ranges that do so too, and the
  /// questions on one picture stay together, so that its computation can be shared. A slice within one picture may be
  /// left with none.
  public func wholePictures(in slice: Range<Int>) -> Range<Int> {
    func beginning(_ index: Int) -> Int {
      var index = min(index, items.count)
      while index > 0, index < items.count, items[index].sample == items[index - 1].sample { index += 1 }
      return index
    }
    return beginning(slice.lowerBound)..<beginning(slice.upperBound)
  }

  /// The questions of a shard, or of a piece of one that was split: pieces that cover a shard share its questions among
  /// them, none twice.
  /// - Parameter shardSize: items of a whole shard, which begin at its multiples.
  public func questions(of piece: Range<Int>, shardSize: Int) -> Range<Int> {
    let start = piece.lowerBound / shardSize * shardSize
    let shard = start..<max(piece.upperBound, min(start + shardSize, items.count))
    let whole = wholePictures(in: shard)
    func moved(_ bound: Int) -> Int {
      if bound == shard.lowerBound { return whole.lowerBound }
      if bound == shard.upperBound { return whole.upperBound }
      return min(max(bound, whole.lowerBound), whole.upperBound)
    }
    return moved(piece.lowerBound)..<moved(piece.upperBound)
  }

  /// Gives samples the references a retrieval found for them.
  /// - Parameter templates: paths by the sample's index, most similar first.
  public mutating func use(similarTemplates templates: [Int: [String]]) {
    for (index, paths) in templates { samples[index] = samples[index].with(similarTemplates: paths) }
  }

  /// Questions that are asked and count as wrong whatever is answered; see ``InspectionQuestion/isCounted``.
  public var uncounted: Int { items.count { !samples[$0.sample].questions[$0.question].isCounted } }

  /// Classes that are asked about and of which the domain knowledge, where it is to be shown, says nothing.
  public var categoriesWithoutKnowledge: [String] {
    guard let domainKnowledge else { return [] }
    let silent = Set(items.map(\.sample)).map { samples[$0] }.filter {
      domainKnowledge.text(dataset: $0.dataset, category: $0.category) == nil
    }
    return Set(silent.map { "\($0.dataset)/\($0.category)" }).sorted()
  }

  /// The question of one item as the model sees it.
  private func shown(_ item: Item) -> ShownQuestion {
    optionOrder.shown(samples[item.sample].questions[item.question], of: samples[item.sample].name)
  }

  /// The prompt of one item.
  /// - Throws: ``PromptError`` when the settings contradict the protocol.
  public func prompt(of index: Int) throws(PromptError) -> InspectionPrompt {
    let item = items[index]
    let sample = samples[item.sample]
    var settings = settings
    if let knowledge = domainKnowledge?.text(dataset: sample.dataset, category: sample.category) {
      settings.domainKnowledge = knowledge
    }
    return try promptProtocol.prompt(
      for: shown(item).question, of: sample, settings: settings)
  }

  /// The record of one item from the model's reply to its prompt.
  public func record(
    of index: Int, prompt: InspectionPrompt, reply: InspectionReply
  ) -> AnswerRecord {
    let item = items[index]
    let sample = samples[item.sample]
    let question = sample.questions[item.question]
    let shown = shown(item)
    let reading = promptProtocol.reading(of: reply.text, to: shown.question)
    return AnswerRecord(
      image: sample.name, questionText: question.textWithOptions, options: question.options,
      questionType: question.publishedType, correctAnswer: question.answer ?? "",
      givenAnswer: reading.letter.map(shown.published) ?? AnswerRecord.unreadable,
      thinking: promptProtocol.reasons ? reading.think ?? "" : nil,
      conclusion: reading.conclusion.map(shown.published),
      defectProbability: reply.answerLogProbabilities.flatMap {
        DefectScore.probability(logProbabilities: $0, question: shown.question)
      }, statedNormal: sample.statedNormal, shownOrder: shown.order,
      references: prompt.imagePaths.dropLast().map { sample.name(ofFile: $0) })
  }

  /// Asks a range of items in batches and returns their records in order. Questions on one picture go into the same
  /// batch, so that what their prompts begin with is computed once.
  ///
  /// - Parameters:
  ///   - batch: about how many prompts are handed to the model at a time.
  ///   - onProgress: called with the number of items answered so far after each batch; an error it throws
  ///     ends the run (a lost lease, a cancellation).
  /// - Throws: ``PromptError``, ``EvaluationError`` when the model answers another number of prompts than it
  ///   was asked, and what the model throws.
  public func run(
    _ range: Range<Int>, with model: inout some InspectionModel, batch: Int = 8,
    onProgress: (Int) throws -> Void = { _ in }
  ) throws -> [AnswerRecord] {
    guard range.lowerBound >= 0, range.upperBound <= items.count else {
      throw EvaluationError(
        message: "questions \(range) asked for, the evaluation has \(items.count); is the data set the same?")
    }
    var records: [AnswerRecord] = []
    records.reserveCapacity(range.count)
    var start = range.lowerBound
    while start < range.upperBound {
      var end = min(start + max(1, batch), range.upperBound)
      while end < range.upperBound, items[end].sample == items[end - 1].sample { end += 1 }
      let prompts = try (start..<end).map { try prompt(of: $0) }
      let replies = try model.replies(to: prompts)
      guard replies.count == prompts.count else {
        throw EvaluationError(message: "the model gave \(replies.count) replies to \(prompts.count) prompts")
      }
      for (offset, reply) in replies.enumerated() {
        records.append(record(of: start + offset, prompt: prompts[offset], reply: reply))
      }
      start = end
      try onProgress(records.count)
    }
    return records
  }
}

/// An evaluation that cannot go on.
public struct EvaluationError: Error, CustomStringConvertible, Equatable {
  public let message: String
  public var description: String { message }
}

internal import Inspection
internal import JobModel
internal import WorkerRuntime

/// An evaluation job's settings with the pictures and questions behind them: the same in every task of the job.
struct EvaluationRun {
  private let settings: EvalSettings
  let pictures: EvaluationPictures
  private(set) var evaluation: Evaluation

  init(_ settings: EvalSettings) throws {
    self.settings = settings
    let pictures = try asUserError {
      try EvaluationPictures(path: settings.data, seed: UInt64(settings.seed))
    }
    if settings.domainKnowledge, pictures.domainKnowledge == nil {
      throw TaskError(
        .userError, "\(settings.data) has no domain_knowledge.json, which domain_knowledge: true asks for")
    }
    self.pictures = pictures
    evaluation = try asUserError {
      Evaluation(
        samples: pictures.samples, promptProtocol: try settings.promptProtocol.resolved(),
        settings: PromptSettings(
          references: settings.references,
          referenceSource: settings.referenceSource == .similar ? .similar : .random,
          maxNewTokens: settings.maxNewTokens),
        domainKnowledge: settings.domainKnowledge ? pictures.domainKnowledge : nil,
        optionOrder: settings.optionOrder == .shuffled ? .shuffled(seed: UInt64(settings.seed)) : .published,
        questionTypes: settings.questionTypes?.resolved, limit: settings.limit, seed: UInt64(settings.seed))
    }
  }

  private var referenceCount: Int {
    settings.references ?? evaluation.promptProtocol.defaultReferenceCount
  }

  /// Which part of the data set's questions is asked.
  private var subset: String {
    evaluation.items.count == evaluation.available
      ? "all \(evaluation.available)"
      : "\(evaluation.items.count) of \(evaluation.available), drawn evenly from data sets, classes and types"
  }

  private var showsReferences: Bool { referenceCount > 0 }

  /// What was asked how, in one line for logs.
  var setting: String {
    "protocol \(settings.promptProtocol.rawValue), "
      + (showsReferences
        ? "\(referenceCount) \(settings.referenceSource.rawValue) references" : "no reference")
      + (settings.domainKnowledge ? ", domain knowledge" : "") + ", options \(settings.optionOrder.rawValue)"
      + ", questions: \(subset)"
  }

  /// Retrieves similar references by the model's own vision features for pictures whose data set lists none.
  mutating func findReferences(
    for items: Range<Int>, with loaded: LoadedModel, checkCancellation: () throws -> Void
  ) throws {
    guard settings.referenceSource == .similar, showsReferences else { return }
    var found: [Int: [String]] = [:]
    for index in items where found[evaluation.items[index].sample] == nil {
      let place = evaluation.items[index].sample
      let sample = evaluation.samples[place]
      guard sample.similarTemplates.isEmpty else { continue }
      try checkCancellation()
      found[place] = try asUserError {
        try loaded.pictureFeatures.nearest(
          to: sample.imagePath, among: try sample.referenceCandidates, count: referenceCount, in: loaded)
      }
    }
    evaluation.use(similarTemplates: found)
  }

  /// The pictures of questions that were set aside, each once, in their order.
  private func pictures(of items: [QuarantinedItem]) -> [SetAsidePicture] {
    var pictures: [SetAsidePicture] = []
    for item in items where evaluation.items.indices.contains(item.item) {
      let name = evaluation.samples[evaluation.items[item.item].sample].name
      if pictures.last?.image == name {
        pictures[pictures.count - 1].questions += 1
      } else {
        pictures.append(SetAsidePicture(image: name, questions: 1, reason: item.reason))
      }
    }
    return pictures
  }

  /// The report on all answers, with everything it depends on.
  /// - Parameters:
  ///   - setAside: questions that could not be put to the model, by their place.
  ///   - hash: of the pictures' contents.
  func report(
    on records: [AnswerRecord], setAside: [QuarantinedItem], pictures hash: String?, of task: ClaimedTask
  ) throws -> EvaluationReport {
    let index = settings.data + "/mmad.json"
    let dataHash =
      pictures.layout == "mmad"
      ? try ModelIdentity.hash(file: index)
      : ModelIdentity.hash(lines: pictures.samples.map { "\($0.name) \($0.isNormal)" })
    let model = try ModelIdentity.hash(folder: settings.model)
    let overlap = try overlap(with: records.map(\.image), of: task)
    return try asUserError {
      try EvaluationReport(
        records: records,
        origin: [
          .init("job", String(task.job)), .init("model", settings.model), .init("model_sha256", model),
          .init("dtype", settings.dtype.rawValue),
          .init("data", settings.data), .init("data_layout", pictures.layout), .init("data_sha256", dataHash),
          .init("pictures_sha256", hash ?? "unknown"), .init("questions", subset),
          .init("protocol", settings.promptProtocol.rawValue), .init("references", String(referenceCount)),
          .init("reference_source", showsReferences ? settings.referenceSource.rawValue : "none"),
          .init("domain_knowledge", settings.domainKnowledge ? "true" : "false"),
          .init("option_order", settings.optionOrder.rawValue), .init("decoding", "greedy"),
          .init("seed", String(settings.seed)),
        ], missingTemplates: pictures.missingTemplates, setAside: pictures(of: setAside),
        overlap: overlap,
        seed: UInt64(settings.seed))
    }
  }

  /// How many of the pictures the model was trained on: by the record that the job names, else by the model's own, else
  /// by that of the few-shot split that the data set is part of; nil where nobody says.
  func overlap(with pictures: [String], of task: ClaimedTask) throws -> TrainingOverlap? {
    // What lies beside the data may be another lab's: where labs are apart, that record must be named.
    let besides = task.confinement == nil ? TrainingOverlap.record(besides: settings.data) : nil
    let record = settings.trainedOn ?? TrainingRecord.path(inModel: settings.model) ?? besides
    return try asUserError {
      try record.map {
        try TrainingOverlap(evaluated: pictures, paths: self.pictures.paths, trainedOn: $0) { file in
          (try? ConfinedFiles.check(file, of: task)) != nil
        }
      }
    }
  }
}

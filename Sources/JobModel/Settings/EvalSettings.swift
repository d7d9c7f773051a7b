import OrderedJSON

/// Accuracy on a data set's questions, greedy.
public struct EvalSettings: Sendable, Equatable, Encodable {
  public var model: String
  /// How its weights are held.
  public var dtype: WeightFormName
  /// A data set: in MMAD's layout with its questions, or any other with labelled test pictures.
  public var data: String
  /// Folder for the answers file and the reports.
  public var output: String
  public var promptProtocol: PromptProtocolName
  /// Reference images per question; nil is what the protocol prescribes.
  public var references: Int?
  /// Which good pictures are shown as references.
  public var referenceSource: ReferenceSourceName
  /// Put the data set's texts on products and their defects into the prompt (protocol mmad).
  public var domainKnowledge: Bool
  public var optionOrder: OptionOrderName
  /// The record of the pictures the model was trained on; nil is the model's own, else the one beside a few-shot split.
  public var trainedOn: String?
  /// So many questions, spread evenly over data sets, classes and types and drawn by the seed; nil for all.
  public var limit: Int?
  public var questionTypes: [QuestionTypeName]?
  /// Questions per shard; those on one picture stay together.
  public var shardSize: Int
  /// nil is what the protocol prescribes.
  public var maxNewTokens: Int?
  /// Decides shuffled options, references of data sets that list none, which questions a limit leaves, and the intervals.
  public var seed: Int

  init(_ reader: inout SettingsReader) {
    model = reader.path(CodingKeys.model, meaning: "the folder of the model to evaluate")
    dtype = reader.choice(CodingKeys.dtype, default: .float32)
    data = reader.path(CodingKeys.data, meaning: "the data set (see 'ar1 data check')")
    output = reader.path(CodingKeys.output, meaning: "the folder for answers and reports")
    promptProtocol = reader.choice(CodingKeys.promptProtocol, default: .paper)
    references = reader.optionalInteger(CodingKeys.references, in: 0...8)
    referenceSource = reader.choice(CodingKeys.referenceSource, default: .random)
    domainKnowledge = reader.flag(CodingKeys.domainKnowledge, default: false)
    optionOrder = reader.choice(CodingKeys.optionOrder, default: .published)
    trainedOn = reader.optionalPath(CodingKeys.trainedOn)
    limit = reader.optionalInteger(CodingKeys.limit, in: 1...100_000_000)
    questionTypes = reader.choices(CodingKeys.questionTypes, of: QuestionTypeName.self)
    shardSize = reader.integer(CodingKeys.shardSize, default: 64, in: 1...100_000)
    maxNewTokens = reader.optionalInteger(CodingKeys.maxNewTokens, in: 1...32768)
    seed = reader.integer(CodingKeys.seed, default: 0, in: 0...(1 << 53))
    if domainKnowledge, promptProtocol != .mmad {
      reader.objection(
        CodingKeys.domainKnowledge,
        "protocol \(promptProtocol.rawValue) has no place for it; use protocol mmad")
    }
    reader.check(references, CodingKeys.references, for: promptProtocol)
  }

  enum CodingKeys: String, CodingKey {
    case model, dtype, data, output
    case promptProtocol = "protocol"
    case references
    case referenceSource = "reference_source"
    case domainKnowledge = "domain_knowledge"
    case optionOrder = "option_order"
    case trainedOn = "trained_on"
    case limit
    case questionTypes = "question_types"
    case shardSize = "shard_size"
    case maxNewTokens = "max_new_tokens"
    case seed
  }
}

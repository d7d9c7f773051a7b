import OrderedJSON

/// Groups of answers with rewards, without learning.
public struct RolloutSettings: Sendable, Equatable, Encodable {
  public var model: String
  /// As a training's.
  public var data: String
  public var images: String?
  public var output: String
  public var reward: RewardFormula
  public var promptProtocol: PromptProtocolName
  /// Reference images per question; nil is what the protocol prescribes.
  public var references: Int?
  public var questionTypes: [QuestionTypeName]?
  public var groupSize: Int
  /// Prompts.
  public var count: Int
  public var temperature: Double
  public var maxNewTokens: Int
  /// Prompts per shard.
  public var shardSize: Int
  public var seed: Int

  init(_ reader: inout SettingsReader) {
    model = reader.path(CodingKeys.model, meaning: "the folder of the model that answers")
    data = reader.path(CodingKeys.data, meaning: "the root of the data set (with mmad.json)")
    images = reader.optionalPath(CodingKeys.images)
    output = reader.path(CodingKeys.output, meaning: "the folder for the groups")
    reward = reader.reward(CodingKeys.reward, default: .roam)
    promptProtocol = reader.choice(CodingKeys.promptProtocol, default: .paper)
    references = reader.optionalInteger(CodingKeys.references, in: 0...8)
    questionTypes = reader.choices(CodingKeys.questionTypes, of: QuestionTypeName.self)
    groupSize = reader.integer(CodingKeys.groupSize, default: 8, in: 1...256)
    count = reader.integer(CodingKeys.count, default: 64, in: 1...10_000_000)
    temperature = reader.number(CodingKeys.temperature, default: 1, in: 0...10)
    maxNewTokens = reader.integer(CodingKeys.maxNewTokens, default: 256, in: 1...32768)
    shardSize = reader.integer(CodingKeys.shardSize, default: 8, in: 1...100_000)
    seed = reader.integer(CodingKeys.seed, default: 0, in: 0...(1 << 53))
    reader.check(references, CodingKeys.references, for: promptProtocol)
  }

  enum CodingKeys: String, CodingKey {
    case model, data, images, output, reward
    case promptProtocol = "protocol"
    case references
    case questionTypes = "question_types"
    case groupSize = "group_size"
    case count, temperature
    case maxNewTokens = "max_new_tokens"
    case shardSize = "shard_size"
    case seed
  }
}

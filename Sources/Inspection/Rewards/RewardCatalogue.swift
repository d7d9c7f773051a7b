/// The rewards by name.
public enum RewardCatalogue {
  public static let all: [any Reward] = [
    ROAMReward(), ReleasedROAMReward(), ClassicalReward(), FormatReward(), IoUReward(),
  ]

  /// The reward used unless a job says otherwise: the paper's.
  public static let defaultName = "roam"

  /// - Throws: ``RewardError`` naming the known ones.
  public static func named(_ name: String) throws(RewardError) -> any Reward {
    guard let reward = all.first(where: { $0.name == name }) else {
      throw RewardError(
        message: "unknown reward \"\(name)\"; known are \(all.map(\.name).joined(separator: ", "))")
    }
    return reward
  }
}

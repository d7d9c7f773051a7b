import FoundationEssentials
public import OrderedJSON

/// From which probability on a picture counts as defective: chosen on labelled pictures, kept in a file, and applied to
/// results without asking the model again.
public struct DefectThreshold: Sendable, Equatable {
  /// How a threshold is chosen.
  public enum Rule: Sendable, Equatable {
    /// Where F1 is highest.
    case highestF1
    /// The lowest threshold that calls at most this share of the good pictures defective.
    case falseAlarms(budget: Double)

    public var name: String {
      switch self {
      case .highestF1: "f1"
      case .falseAlarms: "false-alarms"
      }
    }
  }

  /// 0 to 1, or above 1 where no threshold keeps within the budget but one that calls nothing defective.
  public let value: Double
  /// Where it comes from, for people: rule, pictures, rates, model. Nothing depends on it.
  public let origin: JSON

  public init(value: Double, origin: JSON = .object([])) {
    self.value = value
    self.origin = origin
  }

  public init(metrics: RankingMetrics, rule: Rule, origin: [JSON.Member] = []) {
    let point: RankingMetrics.OperatingPoint
    var members: [JSON.Member] = [.init("rule", .string(rule.name))]
    switch rule {
    case .highestF1: point = metrics.best
    case .falseAlarms(let budget):
      point = metrics.point(falseAlarmBudget: budget)
      members.append(.init("false_alarm_budget", .number(budget)))
    }
    // "Nothing is defective" has no finite threshold of its own; probabilities end at 1.
    value = point.threshold.isFinite ? point.threshold : 2
    members += [
      .init("false_alarm_rate", .number(point.falseAlarmRate)), .init("miss_rate", .number(point.missRate)),
      .init("f1", .number(point.f1)), .init("metrics", metrics.json),
    ]
    self.origin = .object(members + origin)
  }

  public func isDefective(_ probability: Double) -> Bool { probability >= value }

  public var json: JSON { ["threshold": .number(value), "origin": origin] }

  /// - Throws: ``DatasetError`` for a file that is none.
  public init(path: String) throws(DatasetError) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw DatasetError(message: "\(path): no such file, or it cannot be read")
    }
    let document: JSON
    do {
      document = try JSON(parsing: [UInt8](data))
    } catch {
      throw DatasetError(message: "\(path): \(error.description)")
    }
    guard let value = document["threshold"]?.double, (0...2).contains(value) else {
      throw DatasetError(
        message: "\(path): it has no \"threshold\" from 0 to 2; 'ar1 calibrate' writes such files")
    }
    self.init(value: value, origin: document["origin"] ?? .object([]))
  }
}

public import OrderedJSON

/// How many images of a run may fail before the run counts as gone wrong.
public enum ErrorBudget: Sendable, Equatable {
  case count(Int)
  /// 0 to 1.
  case share(Double)

  /// A whole number, or a text such as "1%".
  public init?(_ json: JSON) {
    if let count = json.int, count >= 0 {
      self = .count(count)
    } else if let text = json.string, let budget = ErrorBudget(text) {
      self = budget
    } else {
      return nil
    }
  }

  /// "1%", "0.5 %" or "20".
  public init?(_ text: String) {
    if text.last == "%" {
      let digits = text.dropLast().filter { $0 != " " }
      guard let percent = Double(digits), (0...100).contains(percent) else { return nil }
      self = .share(percent / 100)
    } else {
      guard let count = Int(text), count >= 0 else { return nil }
      self = .count(count)
    }
  }

  public func allows(_ failed: Int, of total: Int) -> Bool {
    switch self {
    case .count(let most): failed <= most
    case .share(let most): Double(failed) <= most * Double(total)
    }
  }

  public var json: JSON {
    switch self {
    case .count(let most): .integer(most)
    case .share(let most): .string("\(most * 100)%")
    }
  }
}

extension ErrorBudget: Encodable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .count(let most): try container.encode(most)
    case .share(let most): try container.encode("\(most * 100)%")
    }
  }
}

import OrderedJSON

/// What replies earn: one reward, or a weighted sum of several, written `roam` or `roam + 0.2 * format`.
public struct RewardFormula: Sendable, Equatable, CustomStringConvertible {
  public struct Term: Sendable, Equatable {
    public var weight: Double
    public var name: RewardName

    public init(_ name: RewardName, weight: Double = 1) {
      self.weight = weight
      self.name = name
    }
  }

  /// At least one; no name twice.
  public let terms: [Term]

  public init(_ name: RewardName) { terms = [Term(name)] }

  /// The rewards there are, for help texts.
  public static var names: String { RewardName.allCases.map(\.rawValue).joined(separator: ", ") }

  static let mostTerms = 8
  static let weights = 0.001...1000.0

  /// Reads `name`, or terms `weight * name` joined by `+`; a term without weight has weight 1.
  /// - Parameter isStored: it was checked when it came; only its names and signs are looked at.
  /// - Throws: a sentence saying which term is wrong and what is allowed.
  public init(parsing text: String, isStored: Bool = false) throws(RewardFormulaError) {
    let parts = text.split(separator: "+", omittingEmptySubsequences: false).map { Self.trimmed($0) }
    guard isStored || parts.count <= Self.mostTerms else {
      throw RewardFormulaError("\(parts.count) rewards are added; allowed are at most \(Self.mostTerms)")
    }
    var terms: [Term] = []
    for part in parts {
      let term = try Self.term(part, isStored: isStored)
      guard isStored || !terms.contains(where: { $0.name == term.name }) else {
        throw RewardFormulaError("the reward \(term.name.rawValue) is added twice; give it one weight")
      }
      terms.append(term)
    }
    let targets = Set(terms.compactMap(\.name.target))
    guard isStored || targets.count <= 1 else {
      throw RewardFormulaError(
        "'\(text.prefix(120))' needs both an option and a box as the truth, which no question has")
    }
    self.terms = terms
  }

  private static func term(_ part: String, isStored: Bool) throws(RewardFormulaError) -> Term {
    let factors = part.split(separator: "*", omittingEmptySubsequences: false).map { trimmed($0) }
    let names = RewardName.allCases.map(\.rawValue)
    guard factors.count <= 2, let last = factors.last, let name = RewardName(rawValue: last) else {
      var message = "found '\(part.prefix(60))'; allowed is one of \(names.joined(separator: ", ")), "
      message += "or a sum such as 'roam + 0.2 * format'"
      if let nearest = Spelling.nearest(to: factors.last ?? part, among: names) {
        message += "; did you mean '\(nearest)'?"
      }
      throw RewardFormulaError(message)
    }
    guard factors.count == 2 else { return Term(name) }
    guard let weight = Double(factors[0]), isStored || weights.contains(weight) else {
      throw RewardFormulaError(
        "found the weight '\(factors[0].prefix(30))'; allowed is a number from \(weights.lowerBound) to "
          + "\(weights.upperBound)")
    }
    return Term(name, weight: weight)
  }

  private static func trimmed(_ text: Substring) -> String {
    String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }

  /// As it is written in a job file.
  public var description: String {
    terms.map { $0.weight == 1 ? $0.name.rawValue : "\($0.weight) * \($0.name.rawValue)" }
      .joined(separator: " + ")
  }
}

extension RewardFormula: Encodable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// Why a text is no reward.
public struct RewardFormulaError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String
  init(_ description: String) { self.description = description }
}

extension SettingsReader {
  mutating func reward(_ key: some CodingKey, default standard: RewardName) -> RewardFormula {
    guard let text = optionalText(key, longest: 200) else { return RewardFormula(standard) }
    do {
      return try RewardFormula(parsing: text, isStored: isStored)
    } catch {
      problem(key, "\(error)")
      return RewardFormula(standard)
    }
  }
}

/// The probability of a defect behind the answer to the Anomaly Detection question.
public enum DefectScore {
  /// P = p(letter of a defect) / Σ p(letter) over the question's letters: for the benchmark's two options
  /// p(A) / (p(A) + p(B)) where A means a defect.
  ///
  /// - Parameters:
  ///   - logProbabilities: natural logarithms, one per option in the options' order, at the answer's position.
  ///     They need not sum to one; only their differences matter.
  /// - Returns: 0 to 1, or `nil` when the question is not a yes-or-no question, the counts differ or no
  ///   log-probability is finite.
  public static func probability(
    logProbabilities: [Double], question: InspectionQuestion
  ) -> Double? {
    guard logProbabilities.count == question.options.count, let letter = defectLetter(of: question),
      let index = question.options.firstIndex(where: { $0.letter == letter }),
      let largest = logProbabilities.max(), largest.isFinite, !logProbabilities.contains(where: \.isNaN)
    else { return nil }
    let weights = logProbabilities.map { exponential($0 - largest) }
    return weights[index] / weights.reduce(0, +)
  }

  /// The letter that means a defect, in an Anomaly Detection question with a "Yes" and a "No": that of the option
  /// starting with "Yes", or with "No" where the question is whether there is none ("Is the object intact?").
  public static func defectLetter(of question: InspectionQuestion) -> String? {
    guard question.type == .anomalyDetection else { return nil }
    let yes = question.options.filter { firstWord($0.text) == "yes" }
    let no = question.options.filter { firstWord($0.text) == "no" }
    guard yes.count == 1, no.count == 1, case .yes(let claim) = DefectQuestion(question) else { return nil }
    return claim == .present ? yes[0].letter : no[0].letter
  }

  private static func firstWord(_ text: String) -> String {
    String(text.lowercased().prefix { $0.isLetter })
  }
}

/// The seven sub-tasks of the MMAD benchmark (paper, section 4.2).
///
/// The benchmark's file knows nine names; the three about the object's structure count as one.
public enum QuestionType: String, Sendable, CaseIterable, Codable {
  case anomalyDetection = "Anomaly Detection"
  case defectClassification = "Defect Classification"
  case defectLocalization = "Defect Localization"
  case defectDescription = "Defect Description"
  case defectAnalysis = "Defect Analysis"
  case objectClassification = "Object Classification"
  case objectAnalysis = "Object Analysis"

  /// The type behind a name as published; `Object Structure` and `Object Details` are `Object Analysis`.
  public init?(published name: String) {
    switch name {
    case "Object Structure", "Object Details": self = .objectAnalysis
    default: self.init(rawValue: name)
    }
  }

  /// Every name the benchmark's file may use.
  public static let publishedNames: [String] =
    allCases.map(\.rawValue) + ["Object Structure", "Object Details"]
}

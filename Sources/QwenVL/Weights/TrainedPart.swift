/// Which parameters record gradients.
public enum TrainedPart: String, Sendable, CaseIterable {
  case nothing
  /// The decoder with its embedding and head; the vision tower stays as it is.
  case language
  case all

  func includes(_ declaration: ParameterDeclaration) -> Bool {
    switch self {
    case .nothing: false
    case .language: !declaration.isVision
    case .all: true
    }
  }
}

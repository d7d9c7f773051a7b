public import Images

/// The colours a product can have.
public enum SyntheticColour: String, CaseIterable, Sendable {
  case grey, blue, green, red, yellow, brown

  /// A typical value, 0…1 per channel.
  package var value: (Float, Float, Float) {
    switch self {
    case .grey: return (0.62, 0.63, 0.66)
    case .blue: return (0.28, 0.43, 0.75)
    case .green: return (0.27, 0.60, 0.36)
    case .red: return (0.74, 0.27, 0.26)
    case .yellow: return (0.82, 0.70, 0.28)
    case .brown: return (0.52, 0.37, 0.25)
    }
  }
}

/// One drawn picture with everything that is true of it.
public struct SyntheticPicture: Sendable {
  public let product: SyntheticProduct
  public let colour: SyntheticColour
  /// Whether the picture's light is dim.
  public let isDark: Bool
  public let defect: SyntheticDefect?
  /// The third of the picture the defect's centre lies in: "top left" … "center" … "bottom right".
  public let location: String?
  public let image: RGBImage
  /// The defect's pixels in white on black; all black for a good product.
  public let mask: RGBImage

  public var isGood: Bool { defect == nil }

  /// The nine places of a picture, row by row.
  public static let locations = [
    "top left", "top", "top right", "left", "center", "right", "bottom left", "bottom",
    "bottom right",
  ]

  /// The side of the pictures in pixels: three by three image tokens of the model.
  public static let side = 84
}

/// The bounds of an image's area in pixels that a prompt asks the image processor to keep.
public struct PixelArea: Sendable, Equatable {
  public let minimum: Int
  public let maximum: Int

  public init(minimum: Int, maximum: Int) {
    self.minimum = minimum
    self.maximum = maximum
  }

  /// The published MMAD evaluation: 64 to 1280 visual tokens of 28×28 pixels.
  public static let mmad = PixelArea(minimum: 64 * 28 * 28, maximum: 1280 * 28 * 28)
}

/// A rectangle that pictures are shrunk into before the image processor sees them, keeping their proportions.
public struct ImageBound: Sendable, Equatable {
  public let width: Int
  public let height: Int

  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  /// The paper's 1000 × 800 (section 4.1); its code resamples with Lanczos.
  public static let paper = ImageBound(width: 1000, height: 800)

  /// The size of a picture inside the bound, rounded down as the paper's code does; a picture that fits keeps
  /// its own. Never below one pixel.
  public func fitted(width: Int, height: Int) -> (width: Int, height: Int) {
    guard width > self.width || height > self.height else { return (width, height) }
    let ratio = min(Double(self.width) / Double(width), Double(self.height) / Double(height))
    return (max(1, Int(Double(width) * ratio)), max(1, Int(Double(height) * ratio)))
  }
}

/// What a model is asked, independent of any model: texts and pictures in order, and how to ask.
public struct InspectionPrompt: Sendable, Equatable {
  public enum Part: Sendable, Equatable {
    case text(String)
    /// Path of a picture.
    case image(String)
  }

  /// Texts and pictures in the order the model reads them.
  public var parts: [Part]
  /// Whether the parts are the content of one user turn of the chat template; otherwise the prompt is
  /// ``rawText`` as it stands.
  public var usesChatTemplate: Bool
  /// Whether the chat template numbers the pictures ("Picture 1: ").
  public var numberImages: Bool
  public var maxNewTokens: Int
  /// `nil` leaves the image processor its own bounds.
  public var pixelArea: PixelArea?
  /// `nil` leaves pictures their size before the image processor.
  public var imageBound: ImageBound?
  /// The letters of the options: a model that can reports their log-probabilities where the answer stands.
  public var answerLetters: [String]

  public init(
    parts: [Part], usesChatTemplate: Bool = true, numberImages: Bool = false, maxNewTokens: Int,
    pixelArea: PixelArea? = nil, imageBound: ImageBound? = nil, answerLetters: [String] = []
  ) {
    self.parts = parts
    self.usesChatTemplate = usesChatTemplate
    self.numberImages = numberImages
    self.maxNewTokens = maxNewTokens
    self.pixelArea = pixelArea
    self.imageBound = imageBound
    self.answerLetters = answerLetters
  }

  /// Paths of the pictures in order.
  public var imagePaths: [String] {
    parts.compactMap { if case .image(let path) = $0 { path } else { nil } }
  }

  /// The texts joined, each picture as one `<|image_pad|>`: the prompt of a protocol without chat template.
  public var rawText: String {
    parts.map {
      switch $0 {
      case .text(let text): text
      case .image: "<|image_pad|>"
      }
    }.joined()
  }
}

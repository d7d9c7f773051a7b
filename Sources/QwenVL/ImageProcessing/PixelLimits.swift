/// How many pixels a resized image may have: it is shrunk above and enlarged below.
public struct PixelLimits: Sendable, Equatable {
  public var minPixels: Int
  public var maxPixels: Int

  /// Beyond this the patches of one image alone would take half a gigabyte.
  private static let most = 16_777_216.0

  public init(minPixels: Int, maxPixels: Int) {
    self.minPixels = minPixels
    self.maxPixels = maxPixels
  }

  func validate() throws(PromptError) {
    guard minPixels > 0, maxPixels >= minPixels else {
      throw PromptError("min_pixels \(minPixels) and max_pixels \(maxPixels) leave no size for an image")
    }
  }

  /// Whether an image has proportions that the processor takes: no more than 200 times as long as wide.
  public static func canTake(width: Int, height: Int) -> Bool {
    max(width, height) <= 200 * min(width, height)
  }

  /// The size to which an image is resized: sides that are multiples of `factor` (28 for Qwen2.5-VL), an area
  /// within the limits, proportions as near to the original as that allows. Sides are rounded half to even.
  ///
  /// - Throws: ``PromptError`` for an image without pixels or more than 200 times as long as wide, and for
  ///   limits that are not positive, contradict each other or call for more than 16.7 million pixels.
  public func resizedSize(width: Int, height: Int, factor: Int) throws(PromptError)
    -> (width: Int, height: Int)
  {
    try validate()
    guard width > 0, height > 0 else { throw PromptError("an image of \(width) x \(height) has no pixels") }
    guard Self.canTake(width: width, height: height) else {
      throw PromptError(
        "an image of \(width) x \(height) is more than 200 times as long as wide; crop it or pad it")
    }
    let sides = [Double(width), Double(height)]
    let unit = Double(factor)
    var resized = sides.map { ($0 / unit).rounded(.toNearestOrEven) * unit }
    let area = Double(width * height)
    if resized[0] * resized[1] > Double(maxPixels) {
      let shrink = (area / Double(maxPixels)).squareRoot()
      resized = sides.map { max(unit, ($0 / shrink / unit).rounded(.down) * unit) }
    } else if resized[0] * resized[1] < Double(minPixels) {
      let enlarge = (Double(minPixels) / area).squareRoot()
      resized = sides.map { ($0 * enlarge / unit).rounded(.up) * unit }
    }
    guard resized[0] * resized[1] <= Self.most else {
      throw PromptError(
        "an image of \(width) x \(height) would be resized to more than \(Int(Self.most)) pixels; lower min_pixels or "
          + "max_pixels")
    }
    return (Int(resized[0]), Int(resized[1]))
  }
}

/// An image as the vision tower takes it.
public struct ImagePatches: Sendable, Equatable {
  /// Normalised values, [patches, 1176] row by row: a patch holds its channels, each of them its two (equal)
  /// frames, each of those its rows. Patches come in squares of merge × merge, the squares in reading order.
  public let pixelValues: [Float]
  /// The grid in patches.
  public let rows: Int
  public let columns: Int
  /// The size of the image before it was resized, its orientation applied.
  public let originalWidth: Int
  public let originalHeight: Int
  /// The size it was resized to, in whose pixels the model answers with boxes.
  public let resizedWidth: Int
  public let resizedHeight: Int
  /// Side in patches of the square that becomes one token.
  public let mergeSize: Int

  public init(
    pixelValues: [Float], rows: Int, columns: Int, originalWidth: Int, originalHeight: Int,
    resizedWidth: Int, resizedHeight: Int, mergeSize: Int
  ) {
    self.pixelValues = pixelValues
    self.rows = rows
    self.columns = columns
    self.originalWidth = originalWidth
    self.originalHeight = originalHeight
    self.resizedWidth = resizedWidth
    self.resizedHeight = resizedHeight
    self.mergeSize = mergeSize
  }

  /// Tokens of the language model that the image takes.
  public var tokenCount: Int { tokenRows * tokenColumns }
  public var tokenRows: Int { rows / mergeSize }
  public var tokenColumns: Int { columns / mergeSize }
  public var patchCount: Int { rows * columns }
}

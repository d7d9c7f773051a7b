/// Why a segmentation model could not be read or asked.
public struct SegmenterError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// What shows where a picture is transparent.
public enum ImageGround: UInt8, Sendable {
  /// Of masks, in which transparent means unmarked.
  case black = 0
  /// Of pictures.
  case white = 255
}

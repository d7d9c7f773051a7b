/// What is wrong with a weight file, and where.
public struct SafetensorsError: Error, CustomStringConvertible, Equatable {
  public let path: String
  /// The tensor concerned; nil if the file as a whole is.
  public let tensor: String?
  public let reason: String

  public init(path: String, tensor: String? = nil, reason: String) {
    self.path = path
    self.tensor = tensor
    self.reason = reason
  }

  public var description: String {
    if let tensor { "\(path): tensor \"\(tensor)\": \(reason)" } else { "\(path): \(reason)" }
  }
}

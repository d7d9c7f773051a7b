/// Where to compute, as people name it: `cpu` or `cuda:N`.
public enum ComputeDevice: Equatable, Sendable {
  case cpu
  case cuda(Int)

  /// - Returns: nil for what names no device.
  public init?(_ text: String) {
    if text == "cpu" {
      self = .cpu
      return
    }
    guard text.hasPrefix("cuda:"), let index = Int(text.dropFirst("cuda:".count)), (0...63).contains(index),
      text == "cuda:\(index)"
    else { return nil }
    self = .cuda(index)
  }

  /// The GPU made ready to compute; nil for the processor.
  /// - Throws: `CUDAError` that says which driver, library or device was not found.
  public func open() throws(CUDAError) -> CUDADevice? {
    switch self {
    case .cpu: nil
    case .cuda(let index): try CUDADevice(index: index)
    }
  }
}

/// How far a result computed on a GPU is from the processor's.
public struct CheckResult: Sendable {
  /// What was computed.
  public let name: String
  /// The largest ‖gpu − cpu‖ / ‖cpu‖ of its result and of its inputs' gradients.
  public let error: Double
  /// What the arithmetic allows.
  public let limit: Double

  public var passed: Bool { error <= limit }

  /// ‖a − b‖ / ‖b‖; of numbers that are none, infinite.
  static func distance(_ a: [Float], _ b: [Float]) -> Double {
    guard a.count == b.count else { return .infinity }
    let error = zip(a, b).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    let size = b.reduce(1e-30) { $0 + Double($1) * Double($1) }
    let distance = (error / size).squareRoot()
    return distance.isNaN ? .infinity : distance
  }
}

/// Numbers between −1 and 1, the same for the same seed.
struct CheckNumbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

  mutating func next(_ count: Int) -> [Float] {
    (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(state >> 40) / Float(1 << 23) - 1
    }
  }
}

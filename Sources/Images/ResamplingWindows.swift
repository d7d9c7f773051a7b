import Glibc

/// A resampling kernel and how far it reaches on each side of its centre, in input pixels at scale 1.
struct ResamplingFilter: Sendable {
  let support: Double
  let weight: @Sendable (Double) -> Double

  static let bilinear = ResamplingFilter(support: 1) { position in max(0, 1 - abs(position)) }

  static let bicubic = ResamplingFilter(support: 2) { position in
    let a = -0.5
    let x = abs(position)
    if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
    return 0
  }

  static let lanczos = ResamplingFilter(support: 3) { x in
    -3 <= x && x < 3 ? sinc(x) * sinc(x / 3) : 0
  }

  private static func sinc(_ x: Double) -> Double {
    if x == 0 { return 1 }
    let angle = x * Double.pi
    return sin(angle) / angle
  }
}

/// For every output pixel of one axis, the input pixels it is made of and their weights.
///
/// Weights are fixed-point with 22 fractional bits: 8 bits of sample, and two bits to spare because a kernel
/// with negative lobes can sum past the ends of the range. Every rounding is Pillow's.
struct ResamplingWindows {
  static let fractionBits = 22

  /// First input pixel and number of input pixels, in turn for each output pixel.
  private(set) var bounds: [Int32]
  /// `stride` weights for each output pixel, of which the first ones count.
  private(set) var weights: [Int32]
  let stride: Int

  init(from inputs: Int, to outputs: Int, filter: ResamplingFilter) {
    // Pillow keeps the box of the source in single precision.
    let scale = Double(Float(inputs)) / Double(outputs)
    let filterScale = max(scale, 1)
    let inverseScale = 1 / filterScale
    let support = filter.support * filterScale
    stride = Int(support.rounded(.up)) * 2 + 1
    bounds = []
    bounds.reserveCapacity(outputs * 2)
    weights = [Int32](repeating: 0, count: outputs * stride)
    var window = [Double](repeating: 0, count: stride)
    for output in 0..<outputs {
      let center = (Double(output) + 0.5) * scale
      let first = max(Int(center - support + 0.5), 0)
      let count = min(Int(center + support + 0.5), inputs) - first
      var total = 0.0
      for index in 0..<count {
        window[index] = filter.weight((Double(index + first) - center + 0.5) * inverseScale)
        total += window[index]
      }
      for index in 0..<count {
        let share = total != 0 ? window[index] / total : window[index]
        let scaled = share * Double(1 << Self.fractionBits)
        weights[output * stride + index] = Int32(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
      }
      bounds.append(Int32(first))
      bounds.append(Int32(count))
    }
  }
}

import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Points as sines and cosines of random directions (Tancik et al., Fourier features).
struct PointEncoding {
  private let directions: [Float]  // [2, width / 2]
  private let width: Int

  init(_ parameters: Parameters, width: Int) throws {
    directions = try parameters.tensor("positional_embedding", [2, width / 2]).values
    self.width = width
  }

  /// - Parameter points: x and y between 0 and 1 over the image.
  /// - Returns: [points, width]
  func callAsFunction(_ points: [(x: Float, y: Float)]) -> Tensor {
    let half = width / 2
    var values = [Float](repeating: 0, count: points.count * width)
    for (row, point) in points.enumerated() {
      let (x, y) = (2 * point.x - 1, 2 * point.y - 1)
      for index in 0..<half {
        let angle = 2 * Float.pi * (x * directions[index] + y * directions[half + index])
        values[row * width + index] = sinf(angle)
        values[row * width + half + index] = cosf(angle)
      }
    }
    return Tensor(values, shape: [points.count, width])
  }

  /// The middle of every place of a map, in reading order.
  func grid(side: Int) -> Tensor {
    let middle = (0..<side).map { (Float($0) + 0.5) / Float(side) }
    return self(middle.flatMap { y in middle.map { (x: $0, y: y) } })
  }
}

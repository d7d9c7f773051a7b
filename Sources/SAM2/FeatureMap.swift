import Tensors

/// Features of an image in reading order, one row per place.
struct FeatureMap {
  let rows: Tensor  // [height · width, channels]
  let height: Int
  let width: Int

  /// The same places with other features.
  func with(_ rows: Tensor) -> FeatureMap { FeatureMap(rows: rows, height: height, width: width) }

  /// Every place four times: twice the resolution by the nearest neighbour.
  func doubled() -> FeatureMap {
    var indices: [Int] = []
    indices.reserveCapacity(4 * height * width)
    for y in 0..<2 * height {
      for x in 0..<2 * width { indices.append(y / 2 * width + x / 2) }
    }
    return FeatureMap(rows: gatherRows(rows, indices), height: 2 * height, width: 2 * width)
  }

  /// Half the resolution: the largest of two by two places, per channel.
  func halved() -> FeatureMap {
    let places = Self.squares(height: height, width: width, stride: width, from: 0)
    return FeatureMap(rows: largestOfRows(rows, places, size: 4), height: height / 2, width: width / 2)
  }

  /// The rows of the squares of two by two places, square by square in reading order.
  static func squares(height: Int, width: Int, stride: Int, from first: Int) -> [Int] {
    var rows: [Int] = []
    rows.reserveCapacity(height * width)
    for y in Swift.stride(from: 0, to: height - 1, by: 2) {
      for x in Swift.stride(from: 0, to: width - 1, by: 2) {
        let corner = first + y * stride + x
        rows += [corner, corner + 1, corner + stride, corner + stride + 1]
      }
    }
    return rows
  }
}

/// A transposed convolution of two by two pixels with a stride of two: every place becomes a square.
struct SquareUpscaling {
  private let weight: Tensor  // [4 · out, in]; the square's places are the outer index
  private let bias: Tensor  // [4 · out]
  private let output: Int

  /// - Throws: what `Parameters` throws for the tensors `<name>.weight` [in, out, 2, 2] and `<name>.bias` [out].
  init(_ parameters: Parameters, _ name: String, from input: Int, to output: Int) throws {
    let stored = try parameters.tensor(name + ".weight", [input, output, 2, 2]).values
    var weight = [Float](repeating: 0, count: stored.count)
    for i in 0..<input {
      for o in 0..<output {
        for place in 0..<4 { weight[(place * output + o) * input + i] = stored[(i * output + o) * 4 + place] }
      }
    }
    let bias = try parameters.tensor(name + ".bias", [output]).values
    self.weight = Tensor(weight, shape: [4 * output, input])
    self.bias = Tensor((0..<4).flatMap { _ in bias }, shape: [4 * output])
    self.output = output
  }

  func callAsFunction(_ map: FeatureMap) -> FeatureMap {
    let squares = linear(map.rows, weight: weight, bias: bias)  // [places, 4 · out]
      .reshaped([map.rows.shape[0] * 4, output])
    var order: [Int] = []
    order.reserveCapacity(4 * map.height * map.width)
    for y in 0..<2 * map.height {
      for x in 0..<2 * map.width {
        order.append((y / 2 * map.width + x / 2) * 4 + y % 2 * 2 + x % 2)
      }
    }
    return FeatureMap(rows: gatherRows(squares, order), height: 2 * map.height, width: 2 * map.width)
  }
}

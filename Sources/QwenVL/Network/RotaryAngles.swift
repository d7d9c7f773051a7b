import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The cosines and sines by which queries and keys are rotated: [rows, head dimension] each, the second half
/// repeating the first, as the rotate-half form takes them.
struct RotaryAngles {
  let cosines: Tensor  // [rows, head dimension]
  let sines: Tensor  // [rows, head dimension]

  /// M-RoPE of the decoder: frequency `f` turns with the temporal, the row or the column position, by the
  /// section it lies in.
  ///
  /// - Parameter positions: one list per section kind, [3][rows].
  init(positions: [[Int]], frequencies: [Float], sections: [Int], on device: CUDADevice?) {
    let kinds = sections.enumerated().flatMap { [Int](repeating: $0 % positions.count, count: $1) }
    self.init(positions, kinds, frequencies, device)
  }

  /// Text rows, whose three positions are one number.
  init(textPositions: [Int], frequencies: [Float], on device: CUDADevice?) {
    self.init([textPositions], frequencies.map { _ in 0 }, frequencies, device)
  }

  /// 2-D rotary of the vision tower: the first half of the frequencies turns with the patch's row, the second
  /// with its column.
  init(rows: [Int], columns: [Int], frequencies: [Float], on device: CUDADevice?) {
    let kinds = [0, 1].flatMap { kind in frequencies.map { _ in kind } }
    self.init([rows, columns], kinds, frequencies + frequencies, device)
  }

  private init(_ positions: [[Int]], _ kinds: [Int], _ frequencies: [Float], _ device: CUDADevice?) {
    (cosines, sines) = rotaryAngles(
      positions: positions, kinds: kinds, frequencies: frequencies, on: device)
  }

  /// θ^(−2i/dimension) for i in 0 ..< dimension/2.
  static func frequencies(theta: Double, dimension: Int) -> [Float] {
    stride(from: 0, to: dimension, by: 2).map { Float(pow(theta, -Double($0) / Double(dimension))) }
  }
}

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
  init(positions: [[Int]], frequencies: [Float], sections: [Int]) {
    var kinds: [Int] = []
    for (index, length) in sections.enumerated() {
      kinds += [Int](repeating: index % positions.count, count: length)
    }
    self.init(rows: positions.first?.count ?? 0, frequencies: frequencies) { row, frequency in
      positions[kinds[frequency]][row]
    }
  }

  /// Text rows, whose three positions are one number.
  init(textPositions: [Int], frequencies: [Float]) {
    self.init(rows: textPositions.count, frequencies: frequencies) { row, _ in textPositions[row] }
  }

  /// 2-D rotary of the vision tower: the first half of the frequencies turns with the patch's row, the second
  /// with its column.
  init(rows: [Int], columns: [Int], frequencies: [Float]) {
    let half = frequencies.count
    self.init(rows: rows.count, frequencies: frequencies + frequencies) { row, frequency in
      frequency < half ? rows[row] : columns[row]
    }
  }

  private init(rows: Int, frequencies: [Float], position: (Int, Int) -> Int) {
    let half = frequencies.count
    var cosines = [Float](repeating: 0, count: rows * half * 2)
    var sines = cosines
    for row in 0..<rows {
      let base = row * half * 2
      for frequency in 0..<half {
        // The product is rounded to float32 before the cosine, as the reference implementation does it.
        let angle = Float(position(row, frequency)) * frequencies[frequency]
        let cosine = cosf(angle)
        let sine = sinf(angle)
        cosines[base + frequency] = cosine
        cosines[base + half + frequency] = cosine
        sines[base + frequency] = sine
        sines[base + half + frequency] = sine
      }
    }
    self.cosines = Tensor(cosines, shape: [rows, half * 2])
    self.sines = Tensor(sines, shape: [rows, half * 2])
  }

  private init(cosines: Tensor, sines: Tensor) {
    self.cosines = cosines
    self.sines = sines
  }

  /// The same in the memory of a GPU, or with nil of the processor.
  func moved(to device: CUDADevice?) -> RotaryAngles {
    RotaryAngles(cosines: cosines.moved(to: device), sines: sines.moved(to: device))
  }

  /// θ^(−2i/dimension) for i in 0 ..< dimension/2.
  static func frequencies(theta: Double, dimension: Int) -> [Float] {
    stride(from: 0, to: dimension, by: 2).map { Float(pow(theta, -Double($0) / Double(dimension))) }
  }
}

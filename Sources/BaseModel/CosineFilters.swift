import QwenVL
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// A start for the patch embedding: the discrete cosine transform of a patch, each filter scaled so that its
/// response to pictures has the same deviation.
///
/// Random filters answer almost only to a patch's mean colour, because neighbouring pixels are alike; the fine
/// lines that make a scratch would first have to be dug out of the noise. The cosines span the same space
/// evenly, which saves the larger part of the first stage.
struct CosineFilters {
  /// [filters, channel, row, column], without the temporal axis.
  private let filters: [[Float]]
  private let side: Int

  /// - Parameters:
  ///   - count: the filters wanted; brightness has `brightness` of them, the rest are for two colour axes.
  ///   - side: of a patch in pixels.
  init(count: Int, brightness: Int, side: Int) {
    let waves = (0..<side).map { frequency in
      (0..<side).map { position in
        let value = cos(Double.pi * (Double(position) + 0.5) * Double(frequency) / Double(side))
        return value * (frequency == 0 ? 1 / Double(side) : 2 / Double(side)).squareRoot()
      }
    }
    // From coarse to fine, along the diagonals of the frequency plane.
    let order = (0..<side * side).map { (row: $0 / side, column: $0 % side) }
      .sorted { ($0.row + $0.column, $0.row) < ($1.row + $1.column, $1.row) }
    let grey = [1, 1, 1].map { $0 / 3.0.squareRoot() }
    let colours = [
      [1, -1, 0].map { $0 / 2.0.squareRoot() }, [1, 1, -2].map { $0 / 6.0.squareRoot() },
    ]
    var plan = order.prefix(min(brightness, count)).map { ($0, grey) }
    for wave in order where plan.count < count {
      for colour in colours where plan.count < count { plan.append((wave, colour)) }
    }
    filters = plan.map { wave, colour in
      colour.flatMap { channel in
        waves[wave.row].flatMap { row in waves[wave.column].map { Float(channel * row * $0) } }
      }
    }
    self.side = side
  }

  /// Overwrites the patch embedding of `model`.
  ///
  /// - Parameters:
  ///   - deviation: of every filter's response over the patches of `pictures`.
  static func write(into model: QwenModel, brightness: Int, deviation: Float, pictures: [ImagePatches]) {
    let vision = model.configuration.vision
    guard let weight = model.parameters.first(where: { $0.name.hasSuffix("patch_embed.proj.weight") }) else {
      return
    }
    let filters = CosineFilters(count: vision.hiddenSize, brightness: brightness, side: vision.patchSize)
    let frame = vision.patchSize * vision.patchSize
    let frames = vision.temporalPatchSize
    // A still picture is repeated in every frame, so the frames share a filter's weight.
    let flat = filters.filters.map { filter in
      (0..<vision.channels).flatMap { channel in
        [[Float]](
          repeating: filter[channel * frame..<(channel + 1) * frame].map { $0 / Float(frames) }, count: frames
        )
        .flatMap(\.self)
      }
    }
    let table = Tensor(flat.flatMap(\.self), shape: [flat.count, vision.patchLength])
    let values = pictures.flatMap(\.pixelValues)
    let patches = Tensor(values, shape: [values.count / vision.patchLength, vision.patchLength])
    let responses = linear(patches, weight: table).values
    let rows = responses.count / flat.count
    weight.tensor.withUnsafeValues { target in
      for index in flat.indices {
        var sum = 0.0
        var squares = 0.0
        for row in 0..<rows {
          let value = Double(responses[row * flat.count + index])
          sum += value
          squares += value * value
        }
        let mean = sum / Double(rows)
        let spread = Float(max(0, squares / Double(rows) - mean * mean).squareRoot())
        let scale = deviation / max(spread, 1e-3)
        for (offset, value) in flat[index].enumerated() {
          target[index * vision.patchLength + offset] = value * scale
        }
      }
    }
  }
}

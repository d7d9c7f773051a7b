import Images
import ModelFiles

/// From an image to the numbers the trunk takes: a square, normalised per colour.
struct PixelNormalisation: Equatable {
  private let mean: [Double]
  private let deviation: [Double]
  private let rescaleFactor: Double

  /// Reads `preprocessor_config.json`; without it ImageNet's mean and deviation apply, which the published models
  /// use.
  /// - Throws: ``ModelFileError`` for malformed values, and for a preprocessing step that SAM2's models do not have.
  init(folder path: String) throws {
    let folder = ModelFolder(path)
    let name = "preprocessor_config.json"
    let reader = try SettingsReader(
      file: folder.path(of: name), values: folder.has(name) ? try folder.json(name) : .object([]))
    for step in ["do_resize", "do_rescale", "do_normalize", "do_convert_rgb"]
    where try !reader.truth(step, default: true) {
      throw reader.failure(step, "is false; images are always resized, rescaled and normalised as RGB")
    }
    if let filter = reader.value("resample"), filter.int != 2 {
      throw reader.failure("resample", "is \(filter.serialized()); only 2 (bilinear) is implemented")
    }
    mean = try reader.colours("image_mean") ?? [0.485, 0.456, 0.406]
    deviation = try reader.colours("image_std") ?? [0.229, 0.224, 0.225]
    rescaleFactor = try reader.positive("rescale_factor", default: 1 / 255)
    guard deviation.allSatisfy({ $0 > 0 }) else {
      throw reader.failure("image_std", "must be three numbers above 0, not \(deviation)")
    }
  }

  /// - Returns: three planes of `side` rows of `side` values.
  func planes(of image: RGBImage, side: Int) -> [Float] {
    let fits = image.width == side && image.height == side
    let square = fits ? image : image.resizedBilinear(width: side, height: side)
    let count = side * side
    let values = (0..<3).map { channel in
      (0..<256).map {
        (Float(Double($0) * rescaleFactor) - Float(mean[channel])) / Float(deviation[channel])
      }
    }
    return [Float](unsafeUninitializedCapacity: 3 * count) { planes, initialized in
      initialized = 3 * count
      square.pixels.withUnsafeBufferPointer { pixels in
        for channel in 0..<3 {
          for place in 0..<count {
            planes[channel * count + place] = values[channel][Int(pixels[place * 3 + channel])]
          }
        }
      }
    }
  }
}

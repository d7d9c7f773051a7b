public import Images
import ModelFiles
import OrderedJSON

/// Turns images into patches as `preprocessor_config.json` asks for.
public struct ImageProcessor: Sendable, Equatable {
  public var limits: PixelLimits
  public var patchSize: Int
  public var temporalPatchSize: Int
  public var mergeSize: Int
  /// What a byte is multiplied with before it is normalised.
  public var rescaleFactor: Double
  /// Per channel: value = (byte · rescaleFactor - mean) / deviation.
  public var mean: [Double]
  public var deviation: [Double]

  /// The mean and deviation of CLIP's training images, which Qwen2.5-VL uses.
  public static let clipMean = [0.48145466, 0.4578275, 0.40821073]
  public static let clipDeviation = [0.26862954, 0.26130258, 0.27577711]

  public init(
    limits: PixelLimits, patchSize: Int = 14, temporalPatchSize: Int = 2, mergeSize: Int = 2,
    rescaleFactor: Double = 1 / 255, mean: [Double] = clipMean, deviation: [Double] = clipDeviation
  ) {
    self.limits = limits
    self.patchSize = patchSize
    self.temporalPatchSize = temporalPatchSize
    self.mergeSize = mergeSize
    self.rescaleFactor = rescaleFactor
    self.mean = mean
    self.deviation = deviation
  }

  /// Sides of resized images are multiples of this.
  public var pixelsPerTokenSide: Int { patchSize * mergeSize }

  /// Resizes an image (bicubic, antialiased), normalises it and cuts it into patches.
  ///
  /// - Parameter limits: those of the configuration when nil.
  /// - Throws: ``PromptError`` for an image more than 200 times as long as wide.
  public func patches(of image: RGBImage, limits: PixelLimits? = nil) throws(PromptError) -> ImagePatches {
    let size = try (limits ?? self.limits).resizedSize(
      width: image.width, height: image.height, factor: pixelsPerTokenSide)
    let fits = size.width == image.width && size.height == image.height
    let resized = fits ? image : image.resizedBicubic(width: size.width, height: size.height)
    return ImagePatches(
      pixelValues: patchValues(resized),
      rows: size.height / patchSize, columns: size.width / patchSize,
      originalWidth: image.width, originalHeight: image.height,
      resizedWidth: size.width, resizedHeight: size.height, mergeSize: mergeSize)
  }

  /// The normalised value of each byte in each channel, in the reference's order of roundings: the rescaled
  /// byte is rounded to single precision before the mean is subtracted.
  private var valueOfByte: [[Float]] {
    zip(mean, deviation).map { mean, deviation in
      (0..<256).map { (Float(Double($0) * rescaleFactor) - Float(mean)) / Float(deviation) }
    }
  }

  /// [squares, merge, merge, channel, frame, row, column]; both sides are multiples of patch × merge.
  private func patchValues(_ image: RGBImage) -> [Float] {
    let side = patchSize
    let frame = side * side
    let values = valueOfByte.flatMap(\.self)
    let count = image.width * image.height * 3 * temporalPatchSize
    return [Float](unsafeUninitializedCapacity: count) { output, initialized in
      initialized = count
      image.pixels.withUnsafeBufferPointer { pixels in
        values.withUnsafeBufferPointer { values in
          var target = 0
          for (patchRow, patchColumn) in patchOrder(width: image.width, height: image.height) {
            for channel in 0..<3 {
              for y in 0..<side {
                var source = ((patchRow * side + y) * image.width + patchColumn * side) * 3 + channel
                let row = target + y * side
                for x in 0..<side {
                  let value = values[channel << 8 | Int(pixels[source])]
                  for time in 0..<temporalPatchSize { output[row + time * frame + x] = value }
                  source += 3
                }
              }
              target += frame * temporalPatchSize
            }
          }
        }
      }
    }
  }

  /// Row and column of each patch, square by square.
  private func patchOrder(width: Int, height: Int) -> [(row: Int, column: Int)] {
    var order: [(row: Int, column: Int)] = []
    order.reserveCapacity(width * height / (patchSize * patchSize))
    for top in stride(from: 0, to: height / patchSize, by: mergeSize) {
      for left in stride(from: 0, to: width / patchSize, by: mergeSize) {
        for row in top..<top + mergeSize {
          for column in left..<left + mergeSize { order.append((row, column)) }
        }
      }
    }
    return order
  }
}

extension ImageProcessor {
  /// Reads `preprocessor_config.json`, in which the limits are `min_pixels` and `max_pixels` or
  /// `size.shortest_edge` and `size.longest_edge`.
  ///
  /// - Throws: ``ModelFileError`` for malformed values and for steps this processor does not have.
  public init(folder path: String) throws {
    let folder = ModelFolder(path)
    let name = "preprocessor_config.json"
    let reader = try SettingsReader(file: folder.path(of: name), values: try folder.json(name))
    for step in ["do_resize", "do_rescale", "do_normalize", "do_convert_rgb"]
    where try !reader.truth(step, default: true) {
      throw reader.failure(step, "is false; images are always resized, rescaled and normalised as RGB")
    }
    if let filter = reader.value("resample"), filter.int != 3 {
      throw reader.failure("resample", "is \(filter.serialized()); only 3 (bicubic) is implemented")
    }
    let size = try reader.object("size")
    let least = try size?.whole("shortest_edge", default: 56 * 56) ?? 56 * 56
    let most = try size?.whole("longest_edge", default: 28 * 28 * 1280) ?? 28 * 28 * 1280
    self.init(
      limits: PixelLimits(
        minPixels: try reader.whole("min_pixels", default: least),
        maxPixels: try reader.whole("max_pixels", default: most)),
      patchSize: try reader.whole("patch_size", default: 14),
      temporalPatchSize: try reader.whole("temporal_patch_size", default: 2),
      mergeSize: try reader.whole("merge_size", default: 2),
      rescaleFactor: try reader.positive("rescale_factor", default: 1 / 255),
      mean: try reader.colours("image_mean") ?? Self.clipMean,
      deviation: try reader.colours("image_std") ?? Self.clipDeviation)
    for (key, value, most) in [
      ("patch_size", patchSize, 1024), ("temporal_patch_size", temporalPatchSize, 64),
      ("merge_size", mergeSize, 64),
    ] where value > most {
      throw reader.failure(key, "is \(value); at most \(most) is accepted")
    }
    guard limits.minPixels <= limits.maxPixels else {
      throw reader.failure(
        reader.has("min_pixels") ? "min_pixels" : "size.shortest_edge",
        "is \(limits.minPixels), above the greatest number of pixels, \(limits.maxPixels)")
    }
    guard deviation.allSatisfy({ $0 > 0 }) else {
      throw reader.failure("image_std", "must be three numbers above 0, not \(deviation)")
    }
  }
}

import FoundationEssentials
import QwenVL
import Tensors

/// The tiny model and the reference results in Tests/Golden/qwen-network.
enum NetworkFixture {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Golden/qwen-network").path
  static var model: String { folder + "/model" }

  static func load(training: TrainedPart = .nothing) throws -> QwenModel {
    try QwenModel.load(folder: model, training: training)
  }

  static func expected() throws -> SafetensorsFile {
    try SafetensorsFile(path: folder + "/expected.safetensors")
  }

  /// The images of the golden prompt, by the formula of its script.
  static func images(seed: Int = 0) -> [ImagePatches] {
    var index = seed
    return [(6, 10), (4, 4)].map { rows, columns in
      let values = (0..<rows * columns * 1176).map { offset in
        Float((index + offset) * 7919 % 1009) / 504 - 1
      }
      index += values.count
      return ImagePatches(
        pixelValues: values, rows: rows, columns: columns, originalWidth: columns * 14,
        originalHeight: rows * 14,
        resizedWidth: columns * 14, resizedHeight: rows * 14, mergeSize: 2)
    }
  }

  /// The golden prompt.
  static func prompt(images: [ImagePatches] = images()) throws -> Prompt {
    try Prompt(ids: try expected().integers(of: "input_ids"), images: images, imageTokenID: 92)
  }

  static func text(_ ids: [Int]) throws -> Prompt {
    try Prompt(ids: ids, images: [], imageTokenID: 92)
  }

  /// ‖a − b‖ / ‖b‖
  static func distance(_ a: [Float], _ b: [Float]) -> Double {
    guard a.count == b.count else { return .infinity }
    let error = zip(a, b).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    let size = b.reduce(0) { $0 + Double($1) * Double($1) }
    return (error / size).squareRoot()
  }

  static func largest(_ a: [Float], _ b: [Float]) -> Float {
    a.count == b.count ? zip(a, b).map { abs($0 - $1) }.max() ?? 0 : .infinity
  }
}

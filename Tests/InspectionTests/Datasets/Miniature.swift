import Foundation
import Images

/// A folder of its own with small real pictures, gone when the test is over.
final class Miniature {
  let root: String

  init() throws {
    root = FileManager.default.temporaryDirectory.path + "/miniature-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  func path(_ name: String) -> String { name.isEmpty ? root : root + "/" + name }

  func write(_ bytes: [UInt8], to name: String) throws {
    let url = URL(fileURLWithPath: path(name))
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }

  /// A picture of one colour, as PNG or JPEG by its name's ending.
  func picture(_ name: String, width: Int = 12, height: Int = 9, shade: UInt8 = 90) throws {
    let image = RGBImage(width: width, height: height, filledWith: RGBColor(shade, shade, 40))
    try write(name.lowercased().hasSuffix("png") ? image.png() : image.jpeg(quality: 90), to: name)
  }

  /// A mask whose pixels in a rectangle are not black.
  func mask(
    _ name: String, width: Int = 12, height: Int = 9, x: Range<Int> = 0..<4, y: Range<Int> = 0..<3,
    value: UInt8 = 255
  ) throws {
    var mask = GreyImage(width: width, height: height, pixels: Array(repeating: 0, count: width * height))
    for row in y { for column in x { mask.pixels[row * width + column] = value } }
    try write(mask.png(), to: name)
  }

  /// A category in MVTec-AD's form: three good pictures to learn from, one good one and one with a defect to test.
  func mvtecForm(
    _ category: String, kinds: [String] = ["crack"], ending: String = "png", maskSuffix: String = "_mask"
  ) throws {
    for number in 0..<3 { try picture("\(category)/train/good/00\(number).\(ending)") }
    try picture("\(category)/test/good/000.\(ending)")
    for kind in kinds {
      try picture("\(category)/test/\(kind)/000.\(ending)")
      try mask("\(category)/ground_truth/\(kind)/000\(maskSuffix).png")
    }
  }
}

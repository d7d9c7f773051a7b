import Foundation
import Images

/// The files in Tests/Golden/images and what Pillow reads from them.
enum Golden {
  static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Golden/images")

  /// One line of expected.txt.
  struct Expectation: Sendable, CustomStringConvertible {
    let operation: String
    let file: String
    let width: Int
    let height: Int
    let hash: String

    var description: String { "\(operation) \(file) \(width) x \(height)" }
    var path: String { Golden.path(file) }

    func isMet(by image: RGBImage) -> Bool {
      image.width == width && image.height == height && Golden.hash(image.pixels) == hash
    }
  }

  static let expectations: [Expectation] = {
    let text = (try? String(contentsOf: folder.appending(path: "expected.txt"), encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map { line in
      let fields = line.split(separator: " ").map(String.init)
      return Expectation(
        operation: fields[0], file: fields[1], width: Int(fields[2]) ?? 0, height: Int(fields[3]) ?? 0,
        hash: fields[4])
    }
  }()

  static func path(_ file: String) -> String { folder.appending(path: file).path }

  static func bytes(_ file: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: folder.appending(path: file)))
  }

  /// 64-bit FNV-1a, in hexadecimal.
  static func hash(_ bytes: [UInt8]) -> String {
    let value = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

import Digests
import Foundation
import Images
import Inspection
import Synchronization
import TaskExecutors
import Testing

@Suite struct OverlayTests {
  private let folder: TestFolder
  private let entry: ImageEntry
  private let image = RGBImage(width: 60, height: 40, filledWith: .white)

  init() throws {
    folder = try TestFolder()
    try Data(image.png()).write(to: URL(fileURLWithPath: folder.path + "/part.png"))
    entry = ImageEntry(path: "line/part.png", location: .file(folder.path + "/part.png"))
  }

  private var row: ScoreRow {
    get throws { try row(of: folder.path + "/part.png") }
  }

  private func row(of file: String) throws -> ScoreRow {
    var row = ScoreRow(path: entry.path)
    row.sha256 = SHA256.digest(of: [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))).hexadecimal
    row.boxes = [GroundedBox(box: PixelBox(x1: 10, y1: 5, x2: 30, y2: 25), label: "dent")]
    (row.probability, row.answer) = (0.9, .defect)
    row.decide(by: nil)
    return row
  }

  private func read(_ name: String) throws -> RGBImage {
    try ImageFile.decode(path: folder.path + "/results/" + name)
  }

  @Test func `an overlay and a mask have the image's size, the mask is white in the boxes`() async throws {
    let overlays = OverlayWriter(output: folder.path + "/results")
    overlays.write(try row, of: entry, mask: nil)
    try await overlays.finish()
    #expect(try read("overlays/line/part.png.jpg").size == image.size)
    let mask = try read("masks/line/part.png.png")
    #expect(mask.size == image.size)
    #expect(mask[20, 15] == .white && mask[5, 15] == .black && mask[30, 15] == .black)
  }

  @Test func `a mask that was made is written as it is`() async throws {
    let overlays = OverlayWriter(output: folder.path + "/results")
    var pixels = [UInt8](repeating: 0, count: 60 * 40)
    pixels[61] = 255
    overlays.write(try row, of: entry, mask: GreyImage(width: 60, height: 40, pixels: pixels))
    try await overlays.finish()
    let mask = try read("masks/line/part.png.png")
    #expect(mask[1, 1] == .white && mask[20, 15] == .black)
  }

  @Test func `an image that no JPEG can hold, or whose name leaves no room for an ending, costs its overlay`()
    async throws
  {
    let told = Mutex<[String]>([])
    let overlays = OverlayWriter(output: folder.path + "/results") { text in told.withLock { $0.append(text) }
    }
    let wide = folder.path + "/wide.png"
    try Data(RGBImage(width: 66_000, height: 2, filledWith: .white).png()).write(
      to: URL(fileURLWithPath: wide))
    var (scan, long) = (try row(of: wide), try row)
    scan.path = "wide.png"
    long.path = String(repeating: "屏", count: 83) + ".png"
    overlays.write(scan, of: ImageEntry(path: scan.path, location: .file(wide)), mask: nil)
    overlays.write(
      long, of: ImageEntry(path: long.path, location: .file(folder.path + "/part.png")), mask: nil)
    // This one just fits.
    var fits = try row
    fits.path = String(repeating: "屏", count: 82) + ".png"
    overlays.write(
      fits, of: ImageEntry(path: fits.path, location: .file(folder.path + "/part.png")), mask: nil)
    try await overlays.finish()
    #expect(told.withLock { $0.count } == 2)
    #expect(try read("overlays/\(fits.path).jpg").size == image.size)
  }

  @Test
  func `boxes are not drawn on another image that has taken the scored one's place, nor stay on an older`()
    async throws
  {
    let scored = try row
    let told = Mutex<[String]>([])
    let overlays = OverlayWriter(output: folder.path + "/results") { text in told.withLock { $0.append(text) }
    }
    overlays.write(scored, of: entry, mask: nil)
    try await overlays.finish()
    try Data(RGBImage(width: 60, height: 40, filledWith: .black).png()).write(
      to: URL(fileURLWithPath: folder.path + "/part.png"))
    overlays.write(scored, of: entry, mask: nil)
    try await overlays.finish()
    #expect(told.withLock { $0.count == 1 && $0[0].contains("has changed since it was scored") })
    #expect(throws: ImageError.self) { try read("overlays/line/part.png.jpg") }
    #expect(throws: ImageError.self) { try read("masks/line/part.png.png") }
    #expect(throws: ImageError.self) { try entry.picture(scoredAs: scored) }
  }

  @Test func `an image that has gone costs its overlay, a folder that cannot be written is an error`()
    async throws
  {
    let overlays = OverlayWriter(output: folder.path + "/results")
    overlays.write(try row, of: ImageEntry(path: "gone.png", location: .file("/nowhere/gone.png")), mask: nil)
    try await overlays.finish()
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/results/overlays"))

    let blocked = OverlayWriter(output: try folder.write("a file", to: "blocked"))
    blocked.write(try row, of: entry, mask: nil)
    await #expect(throws: (any Error).self) { try await blocked.finish() }
  }
}

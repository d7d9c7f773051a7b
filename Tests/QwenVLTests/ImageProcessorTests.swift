import Images
import OrderedJSON
import QwenVL
import Testing

@Suite("The image processor")
struct ImageProcessorTests {
  @Test("images are resized to the reference's sizes")
  func sizes() throws {
    for row in try #require(try TextGolden.section("sizes").array) {
      let (size, limits) = (try #require(row["size"]?.ints), try #require(row["limits"]?.ints))
      let resized = try PixelLimits(minPixels: limits[0], maxPixels: limits[1])
        .resizedSize(width: size[1], height: size[0], factor: 28)
      #expect([resized.height, resized.width] == row["resized"]?.ints, "\(size) \(limits)")
    }
  }

  @Test("an image more than 200 times as long as wide is refused, and so are contradictory limits")
  func refusals() {
    let limits = PixelLimits(minPixels: 3136, maxPixels: 50_176)
    #expect(throws: PromptError.self) { try limits.resizedSize(width: 403, height: 2, factor: 28) }
    #expect(throws: Never.self) { try limits.resizedSize(width: 400, height: 2, factor: 28) }
    let inverted = PixelLimits(minPixels: 50_176, maxPixels: 3136)
    #expect(throws: PromptError.self) { try inverted.resizedSize(width: 28, height: 28, factor: 28) }
  }

  @Test("patches hold the reference's values in the reference's order")
  func values() throws {
    let golden = try TextGolden.section("pixels")
    let (width, height) = (84, 56)
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        for channel in 0..<3 { pixels.append(UInt8((x * 7 + y * 13 + channel * 50) % 256)) }
      }
    }
    let processor = try ImageProcessor(folder: TextGolden.single)
    let patches = try processor.patches(of: RGBImage(width: width, height: height, pixels: pixels))
    #expect([patches.patchCount, patches.pixelValues.count / patches.patchCount] == golden["shape"]?.ints)
    #expect([patches.rows, patches.columns, patches.tokenCount] == [4, 6, 6])
    let every = try #require(golden["every"]?.int)
    let expected = (golden["values"]?.array ?? []).compactMap(\.double).map(Float.init)
    #expect(
      stride(from: 0, to: patches.pixelValues.count, by: every).map { patches.pixelValues[$0] } == expected)
  }
}

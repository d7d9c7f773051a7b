import Images
import Testing

@Suite struct ResizingTests {
  @Test(
    "resizing gives Pillow's bits, width first",
    arguments: Golden.expectations.filter { $0.operation != "decode" })
  func resizes(expectation: Golden.Expectation) throws {
    let source = try ImageFile.decode(path: expectation.path)
    let (width, height) = (expectation.width, expectation.height)
    let image =
      switch expectation.operation {
      case "bilinear": source.resizedBilinear(width: width, height: height)
      case "bicubic": source.resizedBicubic(width: width, height: height)
      default: source.resizedLanczos(width: width, height: height)
      }
    #expect(expectation.isMet(by: image))
  }

  @Test("the size an image has already changes nothing")
  func sameSize() throws {
    let image = try ImageFile.decode(path: Golden.path("noise.png"))
    #expect(image.resizedBicubic(width: image.width, height: image.height) == image)
  }
}

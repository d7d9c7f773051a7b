import Images
import Testing

@Suite struct DecodingTests {
  @Test(
    "a file becomes the pixels Pillow makes of it",
    arguments: Golden.expectations.filter { $0.operation == "decode" })
  func decodes(expectation: Golden.Expectation) throws {
    let image = try ImageFile.decode(path: expectation.path)
    #expect(expectation.isMet(by: image))
    #expect(try ImageFile.orientedSize(path: expectation.path) == image.size)
  }

  @Test("every kind of file is among the expectations")
  func goldenFilesAreThere() {
    #expect(Golden.expectations.count { $0.operation == "decode" } > 120)
  }

  @Test("a turned image remembers the size it is stored with, an upright one has nothing to remember")
  func remembersStoredSize() throws {
    let turned = try ImageFile.decode(path: Golden.path("turned6.jpg"))
    #expect(turned.size == ImageSize(width: 9, height: 14))
    #expect(turned.orientedFrom == ImageSize(width: 14, height: 9))
    #expect(try ImageFile.decode(path: Golden.path("turned1.jpg")).orientedFrom == nil)
  }

  @Test("grey that a byte does not hold is told of")
  func clippedGrey() throws {
    for name in ["grey16.png", "grey16.tif", "grey32.tif"] {
      #expect(try ImageFile.decode(path: Golden.path(name)).isClipped, "\(name)")
    }
    for name in ["grey8.png", "grey.tif", "rgb16-big.tif", "grey-alpha16.png"] {
      #expect(try !ImageFile.decode(path: Golden.path(name)).isClipped, "\(name)")
    }
  }

  @Test("over black what is transparent is darker, and what is opaque the same, in every format")
  func ground() throws {
    var formats: Set<Substring> = []
    for path in Set(Golden.expectations.filter { $0.operation == "decode" }.map(\.path)) {
      let white = try ImageFile.decode(path: path)
      let black = try ImageFile.decode(path: path, over: .black)
      #expect(zip(black.pixels, white.pixels).allSatisfy { $0 <= $1 }, "\(path)")
      if black != white { formats.insert(path.split(separator: ".").last ?? "") }
    }
    #expect(formats.isSuperset(of: ["png", "tif", "webp", "bmp"]), "\(formats)")
  }

  @Test("content decides on the format, not the name")
  func formatByContent() throws {
    let image = try ImageFile.decode(bytes: Golden.bytes("grey.jpg"), name: "picture.png")
    #expect(image.size == ImageSize(width: 25, height: 18))
  }
}

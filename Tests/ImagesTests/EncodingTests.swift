import Images
import Testing

@Suite struct EncodingTests {
  @Test("a PNG written is the image read back")
  func png() throws {
    let image = try ImageFile.decode(path: Golden.path("noise.png"))
    #expect(try ImageFile.decode(bytes: image.png(), name: "written") == image)
  }

  @Test("a mask written as a PNG reads back with its values in every channel")
  func greyPNG() throws {
    let mask = GreyImage(width: 3, height: 2, pixels: [0, 255, 7, 128, 0, 1])
    let image = try ImageFile.decode(bytes: mask.png(), name: "mask")
    #expect(image.size == ImageSize(width: 3, height: 2))
    #expect(image.pixels == mask.pixels.flatMap { [$0, $0, $0] })
  }

  @Test("a JPEG written is close to the image, the closer the higher the quality")
  func jpeg() throws {
    let image = try ImageFile.decode(path: Golden.path("half-colour.jpg"))
    func distance(_ quality: Int) throws -> Int {
      let copy = try ImageFile.decode(bytes: image.jpeg(quality: quality), name: "written")
      return zip(copy.pixels, image.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
    }
    #expect(try distance(95) < 4 * image.pixels.count)
    #expect(try distance(95) < distance(10))
  }

  @Test("a side longer than the format takes is an error, not a crash")
  func tooLongForJPEG() {
    let line = RGBImage(width: 70_000, height: 1, filledWith: .white)
    #expect(throws: ImageError.self) { try line.jpeg() }
  }
}

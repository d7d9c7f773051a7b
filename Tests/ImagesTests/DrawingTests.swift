import Images
import Testing

@Suite struct DrawingTests {
  /// The image as rows of characters: "." for white, "#" for anything else.
  private func picture(_ image: RGBImage) -> [String] {
    (0..<image.height).map { y in
      String((0..<image.width).map { x in image[x, y] == .white ? "." : "#" as Character })
    }
  }

  @Test("a box is an outline that grows inwards")
  func box() {
    var image = RGBImage(width: 8, height: 6, filledWith: .white)
    image.drawBox(x1: 1, y1: 0, x2: 7, y2: 5, color: .black, thickness: 1)
    #expect(picture(image) == [".######.", ".#....#.", ".#....#.", ".#....#.", ".######.", "........"])
    #expect(image[1, 0] == .black)
  }

  @Test("a box is cut at the image's edges, its corners in any order, however far away")
  func boxOutside() {
    var image = RGBImage(width: 5, height: 4, filledWith: .white)
    image.drawBox(x1: .max, y1: .max, x2: 2, y2: 1, color: .red, thickness: 1)
    #expect(picture(image) == [".....", "..###", "..#..", "..#.."])
    image.drawBox(x1: .min, y1: .min, x2: -3, y2: -3)
    #expect(image[0, 0] == .white)
  }

  @Test("a mask tints the pixels it covers by its opacity")
  func mask() throws {
    var image = RGBImage(width: 2, height: 1, filledWith: RGBColor(100, 100, 100))
    try image.blend(
      mask: GreyImage(width: 2, height: 1, pixels: [0, 255]), color: RGBColor(200, 0, 100), opacity: 0.5)
    #expect(image[0, 0] == RGBColor(100, 100, 100))
    #expect(image[1, 0] == RGBColor(150, 50, 100))
    let small = GreyImage(width: 1, height: 1, pixels: [1])
    #expect(throws: ImageError.self) { try image.blend(mask: small) }
  }

  @Test("a label shows its letters on a background and stays within the image")
  func label() {
    var image = RGBImage(width: 15, height: 10, filledWith: .black)
    image.drawLabel("I1", x: 100, y: -5, color: .black, background: .white)
    #expect(
      picture(image) == [
        "##.............", "##..###....#...", "##...#....##...", "##...#.....#...", "##...#.....#...",
        "##...#.....#...", "##...#.....#...", "##..###...###..", "##.............", "###############",
      ])
    #expect(RGBImage.labelSize("I1", scale: 2) == ImageSize(width: 26, height: 18))
  }

  @Test("letters that are not in the font appear as question marks")
  func unknownLetters() {
    var first = RGBImage(width: 20, height: 9, filledWith: .white)
    var second = first
    first.drawLabel("é\n", x: 0, y: 0)
    second.drawLabel("??", x: 0, y: 0)
    #expect(first == second)
  }
}

import BaseModel
import Inspection
import Testing

@Suite struct SightLessonTests {
  private static func picture(_ index: Int, _ defect: SyntheticDefect?) -> SyntheticPicture {
    .draw(seed: 3, series: "test", product: .tile, index: index, defect: defect)
  }

  @Test("cells are labelled where the mask lies, in the order of the tokens")
  func labels() {
    let good = SightLesson(Self.picture(0, nil), products: [.coin, .tile])
    #expect(good.cells == [Int?](repeating: 0, count: 36))
    #expect(good.product == 1)

    let picture = Self.picture(1, .stain)
    let cells = SightLesson(picture, products: [.tile]).cells
    let kind = 1 + (SyntheticDefect.allCases.firstIndex(of: .stain) ?? 0)
    for token in 0..<9 {
      for place in 0..<4 {
        let top = token / 3 * 28 + place / 2 * 14
        let left = token % 3 * 28 + place % 2 * 14
        var marked = 0
        for row in top..<top + 14 {
          for column in left..<left + 14 where picture.mask.pixels[(row * 84 + column) * 3] > 127 {
            marked += 1
          }
        }
        let expected: Int? = marked >= 6 ? kind : marked > 0 ? nil : 0
        #expect(cells[token * 4 + place] == expected)
      }
    }
    #expect(cells.contains(kind))
  }

  @Test("turning a lesson turns picture and labels together, eight different ways")
  func turning() {
    let mask = Self.picture(2, .dent).mask
    let lesson = SightLesson(Self.picture(2, .dent), products: [.tile])
    var seen: Set<[UInt8]> = []
    for orientation in 0..<SightLesson.orientations {
      // A picture that is its own mask says where the labels belong, however it lies.
      let turned = SightLesson(image: mask, mask: mask, kind: 4, product: 0, colour: 0).turned(orientation)
      let again = SightLesson(image: turned.image, mask: turned.image, kind: 4, product: 0, colour: 0)
      #expect(turned.cells == again.cells && turned.cells.contains(4))
      seen.insert(lesson.turned(orientation).image.pixels)
    }
    #expect(seen.count == 8)
  }
}

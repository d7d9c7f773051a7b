import Images
import Inspection
import OrderedJSON
import Testing

@Suite struct ScoreReportTests {
  private static func rows() -> [ScoreRow] {
    var defect = ScoreRowTests.row("worst, of \"all\".png", probability: 0.98, answer: .defect)
    defect.boxes = [
      GroundedBox(box: PixelBox(x1: 4, y1: 5, x2: 10, y2: 25), label: "dent"),
      GroundedBox(box: PixelBox(x1: 0, y1: 0, x2: 2, y2: 2), label: nil),
    ]
    var broken = ScoreRow(path: "<script>alert(1)</script>.png", category: "nut")
    broken.error = "is truncated"
    var fatal = ScoreRow(path: "fatal.png")
    (fatal.error, fatal.isQuarantined) = ("set aside", true)
    var deep = ScoreRowTests.row("good.png", probability: 0.02)
    deep.isClipped = true
    return [
      deep, defect, broken, fatal,
      ScoreRowTests.row("bad.png", probability: 0.7, answer: .defect),
      ScoreRowTests.row("odd.png", probability: nil, answer: .unclear),
      ScoreRowTests.row("close.png", probability: 0.5),
    ]
  }

  @Test func `the counts add up, in all and by class`() {
    let summary = ScoreSummary(Self.rows())
    let all = summary.all
    #expect(
      [all.images, all.defective, all.good, all.unclear, all.failed, all.quarantined] == [7, 2, 2, 1, 2, 1])
    #expect(all.clipped == 1)
    #expect(summary.categories.map(\.name) == ["bolt", "nut"])
    #expect(summary.categories[1].counts.failed == 1)
    #expect(summary.histogram.reduce(0) { $0 + $1.images } == 4)
  }

  @Test func `the worst images come first, the undecided among them, the good ones not at all`() {
    #expect(
      ScoreReport.worst(Self.rows()).map(\.path) == [
        "odd.png", "worst, of \"all\".png", "bad.png", "close.png",
      ])
    #expect(ScoreReport.worst(Self.rows(), atMost: 1).count == 1)
  }

  @Test func `the page shows every suspect and failure, and a path in it is text whatever it holds`() {
    let report = ScoreReport(
      rows: Self.rows(), origin: [.init("source", "/data/<night>"), .init("model", "m")],
      thumbnails: ["bad.png": "AAAA"], overlays: ["bad.png"])
    let html = report.html
    #expect(!html.contains("<script"))
    #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;.png"))
    #expect(html.contains("No mark, &lt;clean&gt;."))
    #expect(html.contains("data:image/jpeg;base64,AAAA"))
    #expect(html.contains("href=\"overlays/bad.png.jpg\""))
    #expect(html.contains("2 of 5 readable images look defective"))
    #expect(html.contains("quarantined"))
    #expect(html.contains("1 with grey above 255"))
    // Nothing is loaded from elsewhere.
    #expect(!html.contains("http"))
  }

  @Test func `no image is drawn over another's overlay, and none outside of the folder`() {
    let paths = ["a.png", "../a.png", "x/../a.png", "../../a.png", "x/a.png"]
    for file in [ScoreReport.overlay(of:), ScoreReport.mask(of:)] {
      #expect(Set(paths.map(file)).count == paths.count)
      #expect(paths.map(file).allSatisfy { !$0.split(separator: "/").contains("..") })
    }
  }

  @Test func `the table has a line per image, and fields survive their commas and quotes`() throws {
    let table = try CommaSeparated.rows(ScoreTable.csv(Self.rows()))
    #expect(table.count == 8)
    #expect(Set(table.map(\.count)) == [11])
    #expect(table[2][0] == "worst, of \"all\".png")
    #expect(table[2][4] == "[4.0, 5.0, 10.0, 25.0] [0.0, 0.0, 2.0, 2.0]")
    #expect(table[3][7] == "is truncated")
  }

  @Test func `annotations are COCO's: boxes by corner and size, every reference to an id that is there`()
    throws
  {
    let coco = CocoAnnotations.json(Self.rows(), description: "test")
    let images = try #require(coco["images"]?.array)
    let annotations = try #require(coco["annotations"]?.array)
    let categories = try #require(coco["categories"]?.array)
    #expect(images.count == 5)
    #expect(categories.compactMap { $0["name"]?.string } == ["defect", "dent"])
    #expect(annotations.count == 2)
    #expect(annotations[0]["bbox"]?.array?.compactMap(\.double) == [4, 5, 6, 20])
    #expect(annotations[0]["area"]?.double == 120)
    #expect(annotations[0]["category_id"]?.int == 2)
    #expect(annotations.allSatisfy { note in images.contains { $0["id"] == note["image_id"] } })
    #expect(annotations.map { $0["id"]?.int } == [1, 2])
  }

  @Test func `with a mask, an annotation has the runs of what it covers in its box`() throws {
    var pixels = [UInt8](repeating: 0, count: 40 * 30)
    // A column of three pixels in the first box, and one pixel outside of every box.
    for y in 7..<10 { pixels[y * 40 + 6] = 255 }
    pixels[29 * 40 + 39] = 255
    let mask = GreyImage(width: 40, height: 30, pixels: pixels)
    let coco = CocoAnnotations.json(Self.rows(), description: "test") { $0.boxes.isEmpty ? nil : mask }
    let annotations = try #require(coco["annotations"]?.array)
    #expect(annotations[0]["area"]?.int == 3)
    let runs = try #require(annotations[0]["segmentation"])
    #expect(runs["size"]?.array?.compactMap(\.int) == [30, 40])
    #expect(runs["counts"]?.array?.compactMap(\.int) == [6 * 30 + 7, 3, 20 + 33 * 30])
    #expect(annotations[1]["segmentation"]?["counts"]?.array?.compactMap(\.int) == [1200])
  }

  @Test func `runs spell out the mask within any box, whatever edges it touches or passes`() {
    let (width, height) = (7, 5)
    let pixels = (0..<width * height).map { UInt8(($0 * $0 * 7 + $0 / 3) % 5 < 2 ? 0 : 255) }
    let mask = GreyImage(width: width, height: height, pixels: pixels)
    for (x1, y1, x2, y2) in [
      (0, 0, 7, 5), (1, 0, 3, 5), (2, 1, 6, 5), (0, 2, 7, 4), (1.4, 0.6, 5.5, 3.5), (-9, -9, 99, 99),
      (3, 3, 3, 3), (8, 1, 9, 2), (5, 4, 2, 1), (-.infinity, 1, .infinity, 2),
    ] as [(Double, Double, Double, Double)] {
      let runs = RunLengths(mask, within: PixelBox(x1: x1, y1: y1, x2: x2, y2: y2))
      var spelt: [Bool] = []
      for (index, count) in runs.counts.enumerated() {
        spelt += Array(repeating: index % 2 == 1, count: count)
      }
      let covered = (0..<width * height).map { place -> Bool in
        let (x, y) = (place / height, place % height)
        return pixels[y * width + x] != 0 && Double(x) + 0.5 > x1 && Double(x) + 0.5 < x2
          && Double(y) + 0.5 > y1 && Double(y) + 0.5 < y2
      }
      #expect(spelt == covered, "\(x1), \(y1), \(x2), \(y2)")
      #expect(runs.area == covered.count { $0 })
    }
  }

  @Test func `runs that begin with ones have an empty run of zeros before them`() {
    let all = GreyImage(width: 2, height: 3, pixels: [UInt8](repeating: 255, count: 6))
    let runs = RunLengths(all, within: PixelBox(x1: 0, y1: 0, x2: 2, y2: 3))
    #expect(runs.counts == [0, 6])
    #expect(runs.area == 6)
  }

  @Test(arguments: [
    ("../../etc/passwd", "%2E%2E/%2E%2E/etc/passwd"), ("/data/a.png", "data/a.png"), ("a/./b.png", "a/b.png"),
  ])
  func `the overlay of an image lies in the overlays' folder, whatever the image is called`(
    path: String, inner: String
  ) {
    #expect(ScoreReport.overlay(of: path) == "overlays/\(inner).jpg")
    #expect(ScoreReport.mask(of: path) == "masks/\(inner).png")
  }

  @Test func `an overlay keeps the image's size, a mask is white where the boxes are`() {
    let image = RGBImage(width: 20, height: 10, filledWith: .white)
    let boxes = [GroundedBox(box: PixelBox(x1: 2.4, y1: 1, x2: 5, y2: 300), label: "très long")]
    let overlay = DefectDrawing.overlay(image, boxes: boxes)
    #expect(overlay.size == image.size)
    #expect(overlay != image)
    let mask = DefectDrawing.mask(width: 20, height: 10, boxes: boxes)
    #expect(mask.pixels.count { $0 == 255 } == 3 * 9)
    #expect(mask.pixels[20 + 2] == 255 && mask.pixels[20 + 5] == 0 && mask.pixels[2] == 0)
  }
}

import Inspection
import OrderedJSON
import Testing

@Suite struct ScoreRowTests {
  static func row(_ path: String, probability: Double?, answer: ScoreRow.Decision? = .good) -> ScoreRow {
    var row = ScoreRow(path: path, category: "bolt")
    (row.width, row.height, row.sha256) = (40, 30, String(repeating: "ab", count: 32))
    (row.probability, row.answer, row.reasoning) = (probability, answer, "No mark, <clean>.")
    row.decide(by: nil)
    return row
  }

  @Test func `a row written to a file is the row read back`() throws {
    var row = Self.row("a/b.png", probability: 0.25, answer: .defect)
    row.boxes = [GroundedBox(box: PixelBox(x1: 1, y1: 2, x2: 3, y2: 4.5), label: "dent")]
    row.tiles = [.init(box: PixelBox(x1: 0, y1: 0, x2: 20, y2: 30), probability: nil)]
    (row.isLocated, row.references) = (true, 2)
    #expect(try ScoreRow(JSON(parsing: row.json.serialized())) == row)
    var broken = ScoreRow(path: "c.png")
    (broken.error, broken.isQuarantined) = ("is truncated", true)
    #expect(try ScoreRow(JSON(parsing: broken.json.serialized())) == broken)
  }

  @Test func `the answer decides until a threshold does, and an error leaves nothing to decide`() {
    var row = Self.row("a.png", probability: 0.6, answer: .good)
    #expect(row.decision == .good)
    row.decide(by: 0.6)
    #expect(row.decision == .defect)
    row.decide(by: 0.61)
    #expect(row.decision == .good)
    row.probability = nil
    row.decide(by: 0.5)
    #expect(row.decision == .unclear)
    row.error = "is empty"
    row.decide(by: 0.5)
    #expect(row.decision == nil)
  }

  @Test func `a line that is no row is refused with what it says`() {
    let error = #expect(throws: ScoreError.self) { try ScoreRow(.object([.init("image", "a")])) }
    #expect(error?.description.contains("image") == true)
    for wrong in [#""defect_probability":1e300"#, #""width":0,"height":2"#, #""width":"3""#] {
      let error = #expect(throws: ScoreError.self) {
        try ScoreRow(JSON(parsing: #"{"path":"a.png",\#(wrong)}"#))
      }
      #expect(error?.description.contains("the row of a.png") == true, "\(wrong)")
    }
  }
}

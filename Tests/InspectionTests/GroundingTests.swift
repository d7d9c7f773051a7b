import Inspection
import Testing

@Suite("Boxes in replies")
struct GroundingTests {
  private func boxes(_ reply: String) -> GroundingReply {
    GroundingReply(reply, resized: (width: 100, height: 50), original: (width: 200, height: 200))
  }

  @Test("coordinates return to the original picture, ordered and clamped; empty boxes go")
  func coordinates() {
    let reply = boxes(
      """
      ```json
      [{"bbox_2d": [10, 5, 20, 15], "label": "scratch"}, {"bbox_2d": [90, 40, 30, 10]},
       {"bbox_2d": [-5, 0, 500, 10.5], "label": "}{"}, {"bbox_2d": [7, 7, 7, 9]}]
      ```
      """)
    #expect(
      reply.boxes == [
        GroundedBox(box: PixelBox(x1: 20, y1: 20, x2: 40, y2: 60), label: "scratch"),
        GroundedBox(box: PixelBox(x1: 60, y1: 40, x2: 180, y2: 160), label: nil),
        GroundedBox(box: PixelBox(x1: 0, y1: 0, x2: 200, y2: 42), label: "}{"),
      ])
    #expect(!reply.isTruncated)
  }

  @Test("a list cut by the token limit keeps the boxes before the cut")
  func truncated() {
    let reply = boxes(#"[{"bbox_2d": [1, 1, 2, 2], "label": "a"}, {"bbox_2d": [3, 3, 4, 4], "la"#)
    #expect(reply.boxes.count == 1 && reply.isTruncated)
  }

  @Test(
    "anything else has no boxes",
    arguments: ["", "no defect", "[]", "{}", "{\"bbox_2d\": [1,2,3]}", "{{{{", "[1,2,3,\"x\"]"])
  func none(_ reply: String) {
    #expect(boxes(reply).boxes.isEmpty)
  }

  @Test("boxes nested in another object and a bare box are found")
  func shapes() {
    #expect(boxes(#"{"defects": [{"bbox_2d": [1, 1, 2, 2]}, {"bbox": [1, 1, 3, 3]}]}"#).boxes.count == 2)
    #expect(boxes("The box is [1, 1, 2, 2].").boxes.count == 1)
  }
}
